"""The spanning tree of a batch, by either way, against an independent one on every trap."""

import numpy as np
import pytest
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

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
