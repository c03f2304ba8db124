"""Clustering as a balanced measure: closed forms, the project's own raking, SwAV's algorithm, ranks."""

import math

import numpy as np
import pytest
import torch

from storage.errors import InputError
from tasks.balancing.raking.rake import rake
from tasks.balancing.theory.pair_measure import scaled_measure
from tasks.balancing.theory.simulation import balanced_samples
from tasks.training.losses.views.clustering import (
    balanced_assignments,
    centred_assignments,
    moved_centre,
    prototypes_used,
    swapped_prediction,
)
from tests.tasks.training.losses.views.examples import two_views

UNIT = [torch.nn.functional.normalize(view, dim=1) for view in two_views()]


def scores(n: int = 40, m: int = 7) -> torch.Tensor:
    return torch.randn(n, m, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


@pytest.mark.parametrize("half_steps", (0, 1, 2, 6))
def test_equal_prototypes_get_equal_shares_and_foretelling_them_costs_log_m(half_steps: int) -> None:
    equal = torch.full((8, 5), 0.3, dtype=torch.float64)
    shares = balanced_assignments(equal, half_steps=half_steps)
    torch.testing.assert_close(shares, torch.full_like(shares, 1 / 40))
    assert swapped_prediction((equal, equal), (shares, shares)).item() == pytest.approx(math.log(5))


@pytest.mark.parametrize("half_steps", range(6))
def test_a_half_step_sets_its_own_marginal_and_leaves_a_mass_of_one(half_steps: int) -> None:
    measure = balanced_assignments(scores(), epsilon=0.5, half_steps=half_steps)
    assert measure.sum().item() == pytest.approx(1)
    if half_steps % 2 == 1:
        torch.testing.assert_close(measure.sum(dim=0), torch.full((7,), 1 / 7, dtype=torch.float64))
    elif half_steps > 0:
        torch.testing.assert_close(measure.sum(dim=1), torch.full((40,), 1 / 40, dtype=torch.float64))


@pytest.mark.parametrize("half_steps", range(7))
def test_half_steps_are_those_of_the_papers_raking(half_steps: int) -> None:
    """`balanced_samples` rakes the transposed measure, as it begins with its first margin: prototypes here."""
    start = torch.exp(scores() / 0.5)
    start = (start / start.sum()).T.numpy()
    expected = balanced_samples(start[None], np.full(7, 1 / 7), np.full(40, 1 / 40), half_steps)[0].T
    np.testing.assert_allclose(balanced_assignments(scores(), epsilon=0.5, half_steps=half_steps), expected, rtol=1e-12)


@pytest.mark.parametrize("half_steps", range(1, 6))
def test_half_steps_are_those_of_rake_on_a_matrix_of_matches(half_steps: int) -> None:
    """Scores of 0 and -∞ are a 0/1 matrix: the half steps of `rake` from equal matches, prototypes first."""
    held = scores() > -0.3
    held[held.sum(dim=1) == 0, 0] = True
    zero_one = torch.where(held, 0.0, -torch.inf).double()
    indptr = np.concatenate([[0], np.cumsum(held.sum(dim=1).numpy())])
    indices = held.nonzero()[:, 1].numpy()
    steps = tuple("yx"[step % 2] for step in range(half_steps))
    found = rake(
        indptr, indices, columns=7, row_target=np.full(40, 1 / 40), column_target=np.full(7, 1 / 7), steps=steps,
        initial="pairs",
    )  # fmt: skip
    ours = balanced_assignments(zero_one, half_steps=half_steps)
    row_mass = found.weight / found.weight.sum()
    np.testing.assert_allclose(ours.sum(dim=1), row_mass, rtol=1e-9)
    measure = scaled_measure(indptr, indices, row_mass, found.log_scale)
    np.testing.assert_allclose(ours[held], measure.mass, rtol=1e-9)


def test_three_rounds_are_swavs_algorithm() -> None:
    q = torch.exp(UNIT[0] / 0.05).T
    q = q / q.sum()
    for _ in range(3):
        q = q / q.sum(dim=1, keepdim=True) / q.shape[0]
        q = q / q.sum(dim=0, keepdim=True) / q.shape[1]
    ours = balanced_assignments(UNIT[0])
    torch.testing.assert_close(ours, q.T)
    lightly = [1.0724011033953429e-05, 0.37916707644382863, 4.5523138486644006e-10, 2.419355534554836e-09,
               0.6198142620607914, 0.0010079346097590313]  # fmt: skip
    torch.testing.assert_close(12 * ours[0], torch.tensor(lightly, dtype=torch.float64), rtol=1e-6, atol=1e-12)


def test_the_loss_of_two_views_is_lightlys() -> None:
    targets = [balanced_assignments(view) for view in UNIT]
    loss = swapped_prediction((UNIT[0], UNIT[1]), (targets[0], targets[1]), temperature=0.1)
    assert loss.item() == pytest.approx(1.2597719642706702, rel=1e-9)  # SwaVLoss of lightly 1.6.0


def test_the_swapped_prediction_by_hand() -> None:
    """Two pictures, two prototypes, τ = 1: softmax of (log 3, 0) is (3/4, 1/4), of (0, 0) a half each."""
    first = torch.tensor([[math.log(3), 0.0], [0.0, 0.0]], dtype=torch.float64)
    second = torch.tensor([[0.0, 0.0], [0.0, math.log(3)]], dtype=torch.float64)
    told = torch.tensor([[0.5, 0.0], [0.0, 0.5]], dtype=torch.float64)
    others = torch.tensor([[0.25, 0.25], [0.25, 0.25]], dtype=torch.float64)
    by_hand = -0.5 * (
        0.25 * math.log(3 / 4) + 0.25 * math.log(1 / 4) + 0.5 * math.log(1 / 2)  # the first foretells `others`
        + 0.5 * math.log(1 / 2) + 0.5 * math.log(3 / 4)  # the second foretells `told`
    )  # fmt: skip
    assert swapped_prediction((first, second), (told, others), temperature=1).item() == pytest.approx(by_hand)


def test_without_balancing_a_collapse_is_the_least_loss_and_balanced_it_is_not() -> None:
    """All pictures on one prototype: unbalanced it costs nothing; balanced, each still owes every prototype a share."""
    collapsed = torch.zeros(16, 4, dtype=torch.float64)
    collapsed[:, 0] = 1.0
    spread = torch.eye(4, dtype=torch.float64).repeat(4, 1)

    def loss(view: torch.Tensor, half_steps: int) -> float:
        shares = balanced_assignments(view, half_steps=half_steps)
        return swapped_prediction((view, view), (shares, shares)).item()

    assert loss(collapsed, 0) == pytest.approx(loss(spread, 0), abs=1e-6)
    assert loss(collapsed, 6) > loss(spread, 6) + 1
    assert prototypes_used(collapsed).item() < 1.01 < 3.9 < prototypes_used(spread).item()


@pytest.mark.parametrize("epsilon", (1e-5, 1e5))
def test_no_sharpness_is_too_much(epsilon: float) -> None:
    measure = balanced_assignments(scores().float(), epsilon=epsilon)
    assert measure.isfinite().all() and measure.sum().item() == pytest.approx(1, rel=1e-4)


def test_what_cannot_be_asked_for_is_refused() -> None:
    for wrong in ({"epsilon": 0.0}, {"half_steps": -1}):
        with pytest.raises(InputError, match="positive epsilon"):
            balanced_assignments(scores(), **wrong)


def test_centred_assignments_are_dinos_and_the_centre_a_running_mean() -> None:
    given = scores()
    centre = given.mean(dim=0)
    found = centred_assignments(given, centre, temperature=0.5)
    expected = torch.exp((given - centre) / 0.5)
    torch.testing.assert_close(found, expected / expected.sum(dim=1, keepdim=True) / 40)
    torch.testing.assert_close(moved_centre(torch.ones(7).double(), given, momentum=0.9), 0.9 + 0.1 * centre)
    shifted = given + torch.linspace(0, 3, 7)  # one prototype is preferred by all: the centre takes that away
    torch.testing.assert_close(centred_assignments(shifted, shifted.mean(dim=0), temperature=0.5), found)


def test_targets_have_no_gradient() -> None:
    given = scores().requires_grad_()
    assert not balanced_assignments(given).requires_grad
    assert not centred_assignments(given, torch.zeros(7)).requires_grad
    targets = balanced_assignments(given)
    assert torch.autograd.gradcheck(lambda x: swapped_prediction((x, x), (targets, targets)), (given,))
