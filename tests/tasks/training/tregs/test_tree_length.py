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
