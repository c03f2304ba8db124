"""The losses of other methods: lightly's values, the papers' sums written out, closed forms, gradients."""

import math
from functools import partial

import pytest
import torch
from torch.nn import functional

from tasks.training.losses.views.barlow_twins import barlow_twins
from tasks.training.losses.views.byol import prediction_distance
from tasks.training.losses.views.moco import enqueued, queue_contrast
from tasks.training.losses.views.nt_xent import nt_xent
from tasks.training.losses.views.vicreg_loss import vicreg_loss
from tasks.training.losses.views.zero_cl import zero_cl
from tests.tasks.training.losses.views.examples import two_views

ALL = (nt_xent, barlow_twins, vicreg_loss, zero_cl, prediction_distance)

LIGHTLY = (  # lightly 1.6.0, in float64, of the same two views
    (nt_xent, 2.0004567701091616),
    (partial(nt_xent, temperature=0.1), 1.4310535478866264),
    (barlow_twins, 0.12356873634664871),
    (vicreg_loss, 10.133574940618415),
    (prediction_distance, 2 - 2 * 0.8978133191362354),
)


@pytest.mark.parametrize(("loss", "value"), LIGHTLY)
def test_values_are_lightlys(loss, value):
    assert loss(*two_views()).item() == pytest.approx(value, rel=1e-9)


@pytest.mark.slow
def test_values_are_lightlys_where_it_is_installed():
    lightly = pytest.importorskip("lightly.loss", reason="lightly is not installed")
    views = [torch.randn(20, 9, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    for ours, theirs in (
        (nt_xent, lightly.NTXentLoss(temperature=0.5)),
        (barlow_twins, lightly.BarlowTwinsLoss()),
        (vicreg_loss, lightly.VICRegLoss()),
    ):
        torch.testing.assert_close(ours(*views), theirs(*views), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loss", ALL[:3])
def test_gradients_are_finite_differences(loss):
    views = [view.requires_grad_() for view in two_views(7, 4)]
    assert torch.autograd.gradcheck(loss, views)


@pytest.mark.parametrize("loss", ALL)
def test_views_that_agree_cost_less_and_collapsed_ones_stay_finite(loss):
    first, second = two_views()
    assert loss(first, first) < loss(first, second) < loss(first, first.flip(0))
    flat = torch.ones(6, 4, requires_grad=True)
    loss(flat, torch.ones(6, 4)).backward()
    assert flat.grad.isfinite().all()


@pytest.mark.parametrize("loss", ALL)
def test_half_precision_is_summed_in_single(loss):
    views = [view.bfloat16() for view in two_views()]
    assert loss(*views).dtype == torch.float32
    torch.testing.assert_close(loss(*views), loss(*(view.float() for view in views)))


def test_nt_xent_of_orthogonal_pictures():
    """Every picture's views agree and all else is at a right angle: `log(e^(1/τ) + 2n - 2) - 1/τ`."""
    loss = nt_xent(torch.eye(5), 3 * torch.eye(5), temperature=0.5)
    assert loss.item() == pytest.approx(math.log(math.exp(2) + 8) - 2, rel=1e-6)


def test_barlow_twins_of_whitened_views_is_zero_and_of_one_repeated_coordinate_is_counted():
    signs = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]).double()
    assert barlow_twins(signs, signs).item() == pytest.approx(0, abs=1e-8)
    twice = signs[:, [0, 0]]
    assert barlow_twins(twice, twice, redundancy=0.1).item() == pytest.approx(0.1 * 2, rel=1e-4)


def test_the_target_of_a_prediction_has_no_gradient():
    first, second = (view.requires_grad_() for view in two_views())
    prediction_distance(first, second).backward()
    assert second.grad is None
    unit = [functional.normalize(view.detach(), dim=1) for view in (first, second)]
    torch.testing.assert_close(
        prediction_distance(first, second).detach(), (unit[0] - unit[1]).square().sum(dim=1).mean()
    )


def test_moco_written_out_and_its_queue_is_first_in_first_out():
    queries, keys = two_views()
    queue = functional.normalize(two_views(20, 6)[1], dim=1)
    unit_queries, unit_keys = (functional.normalize(each, dim=1) for each in (queries, keys))
    expected = 0.0
    for query, key in zip(unit_queries, unit_keys, strict=True):
        right, wrong = math.exp(query @ key / 0.2), sum(math.exp(query @ other / 0.2) for other in queue)
        expected -= math.log(right / (right + wrong)) / len(queries)
    assert queue_contrast(queries, keys, queue).item() == pytest.approx(expected, rel=1e-9)
    after = enqueued(queue, keys)
    torch.testing.assert_close(after[:8], queue[12:])
    torch.testing.assert_close(after[8:], unit_keys)
    torch.testing.assert_close(enqueued(queue[:5], keys), unit_keys[-5:])  # more keys than places


def test_zero_cl_punishes_pictures_that_are_alike_and_a_nan_is_a_nan():
    first, second = two_views()
    alike = first.mean(dim=0) + 0.1 * first
    assert zero_cl(first, second) < zero_cl(alike, alike.roll(1, 0)) < zero_cl(first, -first)
    assert zero_cl(first * torch.nan, second).isnan()


def test_zero_cl_written_out():
    views = two_views(9, 5)
    expected = 0.0
    for rows in (views, tuple(view.T for view in views)):
        white = []
        for view in rows:
            standard = (view - view.mean(1, keepdim=True)) / (view.var(1, keepdim=True) + 1e-5).sqrt()
            mixed = 0.9 * standard @ standard.T / (view.shape[1] - 1)
            mixed = mixed + 0.1 * torch.eye(len(view), dtype=view.dtype)
            u, s, _ = torch.linalg.svd(mixed)
            white.append(u @ torch.diag((s + 1e-5) ** -0.5) @ u.T @ standard)
        common = (white[0] @ white[1].T / rows[0].shape[1]).diagonal()
        expected += ((1 - common) ** 2).mean().item()
    assert zero_cl(*views).item() == pytest.approx(expected, rel=1e-6)
