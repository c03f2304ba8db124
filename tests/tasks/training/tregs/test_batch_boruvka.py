"""Borůvka's tree is Prim's, and no host waits for it."""

import numpy as np
import pytest
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch.utils._python_dispatch import TorchDispatchMode

from tasks.training.tregs import batch_boruvka
from tasks.training.tregs.batch_boruvka import boruvka_edges, distances_by_product, tree_of
from tasks.training.tregs.batch_prim import minimum_spanning_edges
from tasks.training.tregs.tree_length import indexed_length, tree_length
from tasks.training.tregs.treg import sphere_penalty
from tests.tasks.training.tregs.examples import lattice, traps


def by_product(points):
    """The tree as CUDA finds it."""
    return tree_of(distances_by_product(points))


@pytest.mark.parametrize("way", (boruvka_edges, by_product))
@pytest.mark.parametrize("points", (lattice(), torch.ones(9, 4), torch.zeros(2, 3), *traps(64, 16).values()))
def test_boruvka_is_prim_with_ties_and_duplicates_too(points, way):
    lengths = []
    for edges in (minimum_spanning_edges(points), way(points)):
        graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(points), len(points)))
        assert connected_components(graph, directed=False)[0] == 1
        pairs = points.double()[edges]
        lengths.append(torch.linalg.vector_norm(pairs[:, 0] - pairs[:, 1], dim=1).sort().values)
    torch.testing.assert_close(*lengths, atol=1e-6, rtol=1e-5)


def test_distances_by_product_are_those_of_differences(monkeypatch):
    """Equal points among them, far from the origin, in blocks that do not divide the rows; and symmetric."""
    monkeypatch.setattr(batch_boruvka, "_BLOCK_ELEMENTS", 7 * 90)
    points = 50 + torch.randn(90, 12, generator=torch.Generator().manual_seed(0))
    points[40:60] = points[:20]
    found = distances_by_product(points)
    expected = torch.cdist(points.double(), points.double(), compute_mode="donot_use_mm_for_euclid_dist")
    torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=1e-6)
    assert torch.equal(found, found.T) and found.dtype == torch.float32


class NothingReadBack(TorchDispatchMode):
    """Refuses every operation that makes a host wait for an accelerator: values, shapes that depend on the data."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "bincount", "item", "is_nonzero")

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__.strip("_")
        assert not any(name.startswith(word.strip("_")) for word in self.WAITING), name
        if name in ("index", "index_put"):
            assert all(index is None or index.dtype != torch.bool for index in args[1]), name
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("way", (boruvka_edges, by_product))
@pytest.mark.parametrize("points", (lattice(), torch.randn(33, 7, generator=torch.Generator().manual_seed(0))))
def test_the_accelerators_way_never_waits(points, way):
    leaf = points.clone().requires_grad_()
    with NothingReadBack():
        edges = way(leaf.detach())
        value = sphere_penalty(leaf) - indexed_length(leaf, edges) / len(leaf)
        value.backward()
    other = points.clone().requires_grad_()
    (sphere_penalty(other) - tree_length(other, edges) / len(other)).backward()
    torch.testing.assert_close(leaf.grad, other.grad)
    with pytest.raises(AssertionError), NothingReadBack():
        points[points > 0].sum()
    compiled = torch.compile(way, fullgraph=True, backend="eager", dynamic=False)
    assert torch.equal(compiled(points), edges)
