"""T-REG: identities of the tree's length, its gradient, and where the norms settle."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.training.tregs.treg import equilibrium_radius, mst_length, sphere_penalty, treg


def test_identical_points_have_a_tree_of_length_zero_and_no_gradient():
    points = torch.ones(12, 4, requires_grad=True)
    mst_length(points).backward()
    assert mst_length(points) == 0
    assert torch.equal(points.grad, torch.zeros(12, 4))


def test_duplicates_add_nothing():
    points = torch.randn(40, 8, generator=torch.Generator().manual_seed(3))
    assert mst_length(torch.cat([points, points[:7]])).item() == pytest.approx(mst_length(points).item(), rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 30), st.floats(0.01, 100), st.integers(0, 10_000))
def test_length_is_homogeneous_and_moves_with_nothing(n, scale, seed):
    points = torch.randn(n, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    length = mst_length(points).item()
    turn = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64)).Q
    assert mst_length(scale * points).item() == pytest.approx(scale * length, rel=1e-6)
    assert mst_length(points @ turn + 3).item() == pytest.approx(length, rel=1e-6)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    assert mst_length(points[order]).item() == pytest.approx(length, rel=1e-6)


def test_gradients_are_finite_differences():
    points = torch.randn(9, 4, generator=torch.Generator().manual_seed(5), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: treg(z, gamma=0.7, lambda_=0.3), (points,))
    assert torch.autograd.gradcheck(sphere_penalty, (points,))


def test_gradient_keeps_the_centre():
    points = torch.randn(50, 6, generator=torch.Generator().manual_seed(2), requires_grad=True)
    mst_length(points).backward()
    assert points.grad.sum(dim=0).abs().max() < 1e-4


def test_equilibrium_radius_approaches_the_rule_of_thumb():
    assert equilibrium_radius(10_000, 3e-3, 2e-5) == pytest.approx(1 + 3e-3 * math.sqrt(2) / 4e-5, rel=1e-3)
    assert equilibrium_radius(8, 0.0, 0.0) == 1
    assert equilibrium_radius(8, 1.0, 0.0) == math.inf


def test_wrong_arguments_are_named():
    with pytest.raises(InputError, match="0 or more"):
        treg(torch.ones(3, 2), gamma=-1, lambda_=0)
    with pytest.raises(InputError, match="points"):
        mst_length(torch.ones(3))
    for wrong in (torch.ones(3), torch.ones(0, 2), torch.ones(3, 0), torch.ones(1, 3, 2)):
        with pytest.raises(InputError, match="n >= 1 and d >= 1, not"):
            treg(wrong, gamma=0.1, lambda_=0.1)
    assert mst_length(torch.ones(0, 2)) == mst_length(torch.ones(1, 2)) == 0
