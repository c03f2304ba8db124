"""The spanning tree of a batch, by either way, against an independent one on every trap."""

import numpy as np
import pytest
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from tasks.training.tregs.batch_boruvka import boruvka_edges
from tasks.training.tregs.batch_prim import minimum_spanning_edges
from tests.tasks.training.tregs.examples import traps, true_length


@pytest.mark.parametrize("trap", traps())
@pytest.mark.parametrize("edges", (minimum_spanning_edges, boruvka_edges))
def test_length_on_every_trap(trap, edges):
    points = traps()[trap]
    tree = edges(points)
    pairs = points.double()[tree]
    length = torch.linalg.vector_norm(pairs[:, 0] - pairs[:, 1], dim=1).sum().item()
    assert length == pytest.approx(true_length(points), rel=1e-5)
    graph = coo_matrix((np.ones(len(tree)), (tree[:, 0], tree[:, 1])), shape=(len(points), len(points)))
    assert connected_components(graph, directed=False)[0] == 1


@pytest.mark.parametrize("edges", (minimum_spanning_edges, boruvka_edges))
@pytest.mark.parametrize("n", (0, 1, 2, 3, 5, 33))
def test_a_tree_of_any_size(edges, n):
    assert edges(torch.randn(n, 3, generator=torch.Generator().manual_seed(n))).shape == (max(n - 1, 0), 2)


def test_norms_over_nine_decades_in_float64() -> None:
    generator = torch.Generator().manual_seed(0)
    sizes = torch.logspace(-4, 5, 60, dtype=torch.float64)[:, None]
    points = sizes * torch.randn(60, 5, generator=generator, dtype=torch.float64)
    edges = minimum_spanning_edges(points)
    lengths = torch.linalg.vector_norm(points[edges[:, 0]] - points[edges[:, 1]], dim=1)
    theirs = minimum_spanning_tree(squareform(pdist(points.numpy()))).data
    np.testing.assert_allclose(np.sort(lengths.numpy()), np.sort(theirs), rtol=1e-9)  # the short ones, too


@pytest.mark.parametrize("scale", (1e15, 1e18, 1e-15, 2.0**-100))
def test_coordinates_of_any_size(scale: float) -> None:
    points = torch.randn(50, 4, generator=torch.Generator().manual_seed(1))
    edges = minimum_spanning_edges(points * scale)
    pairs = points.double()[edges]
    length = torch.linalg.vector_norm(pairs[:, 0] - pairs[:, 1], dim=1).sum().item()
    assert length == pytest.approx(true_length(points), rel=1e-6)


@pytest.mark.parametrize("worst", (torch.nan, torch.inf))
def test_points_that_are_not_finite_give_some_tree(worst: float) -> None:
    points = torch.randn(12, 3, generator=torch.Generator().manual_seed(0))
    points[4, 1] = worst
    assert minimum_spanning_edges(points).shape == (11, 2)
