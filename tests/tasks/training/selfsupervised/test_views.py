"""Random views: what each draw does, and that nothing else decides a view."""

import colorsys

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms.functional import gaussian_blur

from tasks.training.selfsupervised.views import (
    DEVIATION,
    DRAWS,
    LEVELS,
    MEAN,
    ViewConfig,
    random_view,
    view_draws,
    window_sides,
)
from tests.tasks.training.selfsupervised.examples import places, textures

NOTHING = ViewConfig(smallest=1, jitter=0, grey=0, solarise=0, mirror=0)


def batch(n: int = 16) -> torch.Tensor:
    return torch.from_numpy(textures(n).pictures.take(np.arange(n))).float() / 255


def draws(n: int, **values: float) -> torch.Tensor:
    """The middle of every draw, but for those named."""
    drawn = torch.full((n, len(DRAWS)), 0.5)
    for name, value in values.items():
        drawn[:, DRAWS.index(name)] = value
    return drawn


def shown(view: torch.Tensor) -> torch.Tensor:
    """A view in [0, 1] again."""
    return view * torch.tensor(DEVIATION)[:, None, None] + torch.tensor(MEAN)[:, None, None]


def test_views_differ_and_depend_on_seed_step_and_place_alone():
    whole = view_draws(places(8), seed=0, step=3)
    assert whole.shape == (8, 2, len(DRAWS)) and whole.min() >= 0 and whole.max() < LEVELS
    assert torch.equal(view_draws(places(8)[4:], seed=0, step=3), whole[4:])  # a second rank's part
    for other in (view_draws(places(8), seed=1, step=3), view_draws(places(8), seed=0, step=4), whole.flip(1)):
        assert not torch.equal(other, whole)
    pictures = batch(8)
    first, second = (random_view(pictures, whole[:, view] / LEVELS, ViewConfig()) for view in range(2))
    assert (shown(first) - shown(second)).abs().mean() > 0.02
    for view in (shown(first), shown(second)):
        assert view.min() > -1e-5 and view.max() < 1 + 1e-5


def test_without_changes_a_view_is_the_picture_or_its_mirror():
    pictures = batch()
    torch.testing.assert_close(shown(random_view(pictures, draws(16), NOTHING)), pictures, atol=1e-5, rtol=0)
    mirror = NOTHING.model_copy(update={"mirror": 1.0})
    torch.testing.assert_close(shown(random_view(pictures, draws(16), mirror)), pictures.flip(-1), atol=1e-5, rtol=0)


def test_a_quarter_window_in_the_corner_is_the_corner():
    picture = batch(1)
    picture[:] = torch.linspace(0, 1, 16)[None, None, None, :]
    window = NOTHING.model_copy(update={"smallest": 0.25})
    view = shown(random_view(picture, draws(1, area=0, right=0, down=0), window))[0, 0, 8]
    assert view.max() < 0.5 + 1e-3  # the left half, enlarged
    torch.testing.assert_close(view[1:-1].diff(), torch.full((13,), 1 / 30), atol=1e-4, rtol=0)


def test_windows_are_torchvisions():
    """Areas and ratios have the distribution of `RandomResizedCrop`, which draws a window again until it fits."""
    n, smallest = 60_000, 0.2
    width, height = window_sides(*torch.rand(2, n, generator=torch.Generator().manual_seed(1)), smallest)
    area, ratio = width * height, width / height
    assert max(width.max(), height.max()) <= 1 + 1e-6 and area.min() > smallest - 1e-6
    torch.manual_seed(0)
    side = 10_000
    picture = torch.empty(3, 1, 1).expand(3, side, side)
    theirs = torch.tensor(
        [RandomResizedCrop.get_params(picture, (smallest, 1.0), (3 / 4, 4 / 3))[2:] for _ in range(20_000)]
    )
    for ours, reference in (
        (area, theirs.double().prod(dim=1) / side**2), (ratio, theirs[:, 1].double() / theirs[:, 0].double())
    ):  # fmt: skip
        assert ks_2samp(ours.numpy(), reference.numpy()).pvalue > 0.001
    assert float((area > 0.9).double().mean()) == pytest.approx(0.027, abs=0.004)  # clamping gives 0.069


@pytest.mark.parametrize("smallest", [1.0, 0.99, 0.8, 0.05])
def test_no_window_leaves_the_picture(smallest: float):
    ends = torch.tensor([0.0, 0.25, 0.5, 0.75, 1 - 2**-24])
    picture = torch.linspace(0, 1, 16).expand(1, 3, 16, 16)
    for ratio in ends:
        for area in ends:
            view = shown(
                random_view(
                    picture, draws(1, ratio=ratio, area=area), NOTHING.model_copy(update={"smallest": smallest})
                )
            )
            assert torch.isfinite(view).all() and (view[0, 0].diff(dim=-1) > -1e-6).all()  # nothing is reflected


def test_grey_leaves_one_channel_and_solarising_inverts_what_is_bright():
    pictures = batch()
    grey = shown(random_view(pictures, draws(16), NOTHING.model_copy(update={"grey": 1.0})))
    assert grey.std(dim=1).max() < 1e-4
    luminance = (pictures * torch.tensor((0.299, 0.587, 0.114))[:, None, None]).sum(dim=1)
    torch.testing.assert_close(grey[:, 0], luminance, atol=1e-4, rtol=0)
    solarised = shown(random_view(pictures, draws(16), NOTHING.model_copy(update={"solarise": 1.0})))
    torch.testing.assert_close(solarised, torch.where(pictures > 0.5, 1 - pictures, pictures), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("side", "kernel"), ((32, 3), (96, 9)))
def test_blurs_are_torchvisions(side: int, kernel: int) -> None:
    picture = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    config = NOTHING.model_copy(update={"blur": 0.5})
    drawn = draws(2, deviation=0.25)
    drawn[:, DRAWS.index("blur")] = torch.tensor([0.2, 0.8])  # the second is left sharp
    first, second = shown(random_view(picture, drawn, config))
    expected = gaussian_blur(picture[0], [kernel, kernel], [0.1 + 1.9 * 0.25] * 2)
    torch.testing.assert_close(first, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(second, picture[1], atol=1e-5, rtol=0)


def test_hue_turns_the_colours_and_keeps_the_brightness():
    picture = torch.tensor((0.6, 0.4, 0.35))[None, :, None, None].expand(1, 3, 8, 8)
    config = NOTHING.model_copy(update={"jitter": 1.0, "hue": 0.1})
    turned = shown(random_view(picture, draws(1, hue=1.0), config))[0, :, 4, 4]
    weights = torch.tensor((0.299, 0.587, 0.114))
    torch.testing.assert_close(weights @ turned, weights @ picture[0, :, 4, 4], atol=1e-3, rtol=0)
    before = colorsys.rgb_to_hsv(*picture[0, :, 4, 4].tolist())[0]
    after = colorsys.rgb_to_hsv(*turned.tolist())[0]
    moved = (after - before + 0.5) % 1 - 0.5
    assert 0.05 < abs(moved) < 0.15  # about a tenth of the circle


def test_brightness_and_contrast_change_as_much_as_they_may():
    pictures = 0.5 * batch()
    config = NOTHING.model_copy(update={"jitter": 1.0})
    brighter = shown(random_view(pictures, draws(16, brightness=1.0), config))
    torch.testing.assert_close(brighter, 1.4 * pictures, atol=1e-4, rtol=0)
    flatter = shown(random_view(pictures, draws(16, contrast=0.0), config))
    torch.testing.assert_close(flatter.flatten(1).std(1), 0.6 * pictures.flatten(1).std(1), atol=0.02, rtol=0.1)
