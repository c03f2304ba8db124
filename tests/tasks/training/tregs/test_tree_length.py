"""The length of a given tree: both ways of taking it, value and gradient."""

import pytest
import torch

from tasks.training.tregs.tree_length import indexed_length, tree_length

EDGES = torch.tensor([[0, 1], [1, 2], [1, 3], [3, 4]])


@pytest.mark.parametrize("length", (tree_length, indexed_length))
def test_a_tree_by_hand(length) -> None:
    points = torch.tensor([[0.0, 0], [3, 4], [3, 5], [3, 4], [0, 4]], requires_grad=True)
    value = length(points, EDGES)
    assert value == 5 + 1 + 0 + 3
    value.backward()
    pulls = torch.tensor([[-0.6, -0.8], [0.6, 0.8 - 1], [0, 1], [1, 0], [-1, 0]])
    torch.testing.assert_close(points.grad, pulls)  # the edge of length zero pulls nothing


def test_the_gradient_is_the_finite_difference() -> None:
    points = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: tree_length(z, EDGES), (points,))


def test_points_in_any_order_of_memory() -> None:
    points = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).T.requires_grad_()
    other = points.detach().contiguous().requires_grad_()
    for each in (points, other):
        tree_length(each, EDGES).backward()
    assert torch.equal(points.grad, other.grad)


@pytest.mark.parametrize("length", (tree_length, indexed_length))
@pytest.mark.parametrize(("kind", "powers"), ((torch.float32, (-110, 110)), (torch.float64, (-800, 800))))
def test_a_length_whose_square_leaves_the_range_is_in_proportion(length, kind: torch.dtype, powers) -> None:
    points = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=kind, requires_grad=True)
    value = length(points, EDGES)
    (pull,) = torch.autograd.grad(value, points)
    for power in powers:
        scaled = torch.ldexp(points.detach(), torch.tensor(power, dtype=kind)).requires_grad_()
        far = length(scaled, EDGES)
        torch.testing.assert_close(torch.ldexp(far, torch.tensor(-power, dtype=kind)), value)
        torch.testing.assert_close(torch.autograd.grad(far, scaled)[0], pull)


@pytest.mark.parametrize("length", (tree_length, indexed_length))
@pytest.mark.parametrize("wrong", (float("nan"), float("inf")))
def test_what_is_not_finite_has_no_finite_length(length, wrong: float) -> None:
    points = torch.zeros(5, 3)
    points[1, 2] = wrong
    assert not length(points, EDGES).isfinite()


def test_a_gradient_that_is_to_be_differentiated_can_be() -> None:
    points = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda z: tree_length(z, EDGES), (points,))


def test_functions_of_torch_func_take_it() -> None:
    points = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (wanted,) = torch.autograd.grad(tree_length(points, EDGES), points)
    torch.testing.assert_close(torch.func.grad(lambda z: tree_length(z, EDGES))(points.detach()), wanted)
