"""The losses as modules: open_clip's contract and its own program, bias, autocast, the other regularisers."""

import json
import math

import open_clip
import pytest
import torch
from open_clip.loss import ClipLoss
from torch.nn import functional

from storage.errors import InputError
from tasks.training.losses.modules import BalancedClipLoss, TregLoss
from tasks.training.losses.siglip import SigLipLoss
from tasks.training.recipes.open_clip_main import train_with
from tasks.training.regularisers.koleo import koleo
from tasks.training.regularisers.sigreg import sigreg
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.tregs.treg import treg
from tests.tasks.training.conftest import COLOURS, png


def features(n: int = 32, d: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = functional.normalize(torch.randn(n, d, generator=generator), dim=1)
    return image, functional.normalize(image + 0.3 * torch.randn(n, d, generator=generator), dim=1)


def test_in_the_place_of_clip_loss():
    image, text = features()
    scale = torch.tensor(30.0)
    theirs = ClipLoss()(image, text, scale, output_dict=True)
    ours = BalancedClipLoss(1)(image, text, scale, output_dict=True)
    assert ours.keys() == theirs.keys()
    torch.testing.assert_close(ours["contrastive_loss"], theirs["contrastive_loss"])


@pytest.mark.parametrize("steps", (0, 1, 2, 5))
def test_a_constant_bias_changes_nothing_and_is_accepted(steps):
    image, text = features()
    loss = BalancedClipLoss(steps)
    scale = torch.tensor(30.0)
    biased = loss(image, text, logit_scale=scale, logit_bias=torch.tensor(-10.0))
    torch.testing.assert_close(biased, loss(image, text, logit_scale=scale))


def test_the_loss_is_float32_inside_autocast():
    image, text = features(300)
    scale = torch.tensor(100.0)
    outside = BalancedClipLoss(2)(image, text, scale)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = BalancedClipLoss(2)(image, text, scale)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, outside)


def test_siglip_is_offered_by_import():
    image, text = features()
    assert SigLipLoss()(image, text, torch.tensor(10.0), torch.tensor(-10.0)).isfinite()


def test_wrong_settings_are_named():
    with pytest.raises(InputError, match="0 or more"):
        BalancedClipLoss(-1)
    with pytest.raises(InputError, match="2 half-steps only"):
        BalancedClipLoss(1, "surrogate")
    assert "half_steps=2" in repr(BalancedClipLoss(2))


@pytest.mark.usefixtures("loggers_as_they_were")
@pytest.mark.parametrize("accumulate", (1, 2))
def test_open_clips_program_runs_unchanged(tmp_path, accumulate):
    """`open_clip_train` with our loss for k = 1 ends at the very weights that its own loss gives."""
    architecture = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    }
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "equipoise-open-clip-test.json").write_text(json.dumps(architecture))
    open_clip.add_model_config(tmp_path / "models")
    lines = ["filepath\ttitle"]
    for row, name in enumerate(list(COLOURS) * 8):
        (tmp_path / f"{row}.png").write_bytes(png(COLOURS[name], noise=row))
        lines.append(f"{tmp_path / f'{row}.png'}\ta {name} square {row}")
    (tmp_path / "train.csv").write_text("\n".join(lines))

    class Recording(BalancedClipLoss):
        calls = 0

        def forward(self, *args, **kwargs):
            Recording.calls += 1
            return super().forward(*args, **kwargs)

    states = []
    for name, loss in (("theirs", ClipLoss()), ("ours", Recording(1))):
        arguments = (
            f"--dataset-type csv --train-data {tmp_path}/train.csv --batch-size 8 --epochs 1 --workers 0 --device cpu "
            f"--precision fp32 --model equipoise-open-clip-test --accum-freq {accumulate} --lr 1e-3 --eps 1e-3 "
            f"--warmup 0 --seed 0 --logs {tmp_path} --name {name} --save-frequency 1 --force-image-size 32"
        )
        train_with(loss, arguments.split())
        checkpoint = tmp_path / name / "checkpoints" / "epoch_1.pt"
        states.append(torch.load(checkpoint, weights_only=True)["state_dict"])
    assert Recording.calls == 4
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, atol=1e-5, rtol=1e-4, msg=name)


def points(n: int = 40, d: int = 6) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("term", (koleo, uniformity, variance_covariance, sigreg))
def test_gradients_are_finite_differences(term):
    assert torch.autograd.gradcheck(term, (points(9, 4).requires_grad_(),))


@pytest.mark.parametrize("term", (koleo, uniformity, variance_covariance, sigreg))
def test_collapsed_points_cost_more_than_spread_ones_and_stay_finite(term):
    spread = points(64, 6)
    collapsed = (torch.ones(64, 6, dtype=torch.float64)).requires_grad_()
    value = term(collapsed)
    value.backward()
    assert value > term(spread)
    assert collapsed.grad.isfinite().all()


def test_koleo_of_points_on_the_axes():
    assert koleo(torch.eye(5)).item() == pytest.approx(-math.log(math.sqrt(2)), abs=1e-6)


def test_uniformity_of_two_opposite_points():
    assert uniformity(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])).item() == pytest.approx(-8.0)


def test_koleo_and_uniformity_as_the_papers_write_them():
    z = points(50, 7)
    unit = functional.normalize(z, dim=1)
    distances = torch.cdist(unit, unit) + 9 * torch.eye(50, dtype=torch.float64)
    torch.testing.assert_close(koleo(z), -torch.log(distances.amin(dim=1) + 1e-8).mean(), atol=1e-7, rtol=1e-7)
    torch.testing.assert_close(uniformity(z), torch.exp(-2 * torch.pdist(unit).square()).mean().log())


def test_sigreg_is_the_epps_pulley_statistic_in_closed_form():
    """`n ∫ |φ_n(t) - e^(-t²/2)|² e^(-t²/2) dt` of numbers x, all three integrals being Gaussian."""
    x = points(40, 1)[:, 0]
    pairs = math.sqrt(2 * math.pi) * torch.exp(-(x[:, None] - x[None, :]).square() / 2).sum() / 40
    cross = 2 * math.sqrt(math.pi) * torch.exp(-x.square() / 4).sum()
    torch.testing.assert_close(
        sigreg(x[:, None]), pairs - cross + 40 * math.sqrt(2 * math.pi / 3), atol=1e-4, rtol=1e-4
    )


def test_variance_covariance_written_out():
    z = points(30, 5)
    covariance = torch.cov(z.T)
    off_diagonal = covariance - torch.diag(covariance.diagonal())
    expected = 25 * torch.relu(1 - torch.sqrt(covariance.diagonal() + 1e-4)).mean() + off_diagonal.square().sum() / 5
    torch.testing.assert_close(variance_covariance(z), expected)
    wide = points(5, 30)
    covariance = torch.cov(wide.T)
    off_diagonal = covariance - torch.diag(covariance.diagonal())
    expected = 25 * torch.relu(1 - torch.sqrt(covariance.diagonal() + 1e-4)).mean() + off_diagonal.square().sum() / 30
    torch.testing.assert_close(variance_covariance(wide), expected)


def test_sigreg_prefers_the_standard_normal():
    z = torch.randn(2000, 8, generator=torch.Generator().manual_seed(0))
    values = [sigreg(z * factor).item() for factor in (0.5, 1.0, 2.0)]
    assert values[1] < 0.05 * min(values[0], values[2])
    assert sigreg(z, seed=1) != sigreg(z, seed=2)


def test_treg_as_a_module():
    z = points()
    torch.testing.assert_close(TregLoss(0.2, 0.1)(z), treg(z, gamma=0.2, lambda_=0.1))
    assert "gamma=0.2" in repr(TregLoss(0.2, 0.1))
