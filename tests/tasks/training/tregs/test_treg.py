"""T-REG: the tree's length against an independent one on every trap, its gradient, and where it takes points."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform
from torch.utils._python_dispatch import TorchDispatchMode

from storage.errors import InputError
from tasks.training.tregs.batch_boruvka import boruvka_edges
from tasks.training.tregs.batch_prim import minimum_spanning_edges
from tasks.training.tregs.study import circle_start, collapsed_start, descend, simplex_start
from tasks.training.tregs.tree_length import indexed_length, tree_length
from tasks.training.tregs.treg import equilibrium_radius, mst_length, sphere_penalty, treg


def true_length(points: torch.Tensor) -> float:
    """Prim on float64 distances from differences, in plain numpy."""
    distances = squareform(pdist(points.double().numpy()))
    best, inside, total = distances[0].copy(), np.zeros(len(distances), bool), 0.0
    inside[0] = True
    for _ in range(len(distances) - 1):
        nearest = np.where(inside, np.inf, best).argmin()
        total += best[nearest]
        inside[nearest] = True
        best = np.minimum(best, distances[nearest])
    return total


def traps(n: int = 256, d: int = 64) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(n, d, generator=generator)
    centres = torch.randn(16, d, generator=generator).repeat(n // 16, 1)
    return {
        "isotropic": noise,
        "half duplicated": torch.cat([noise[: n // 2], noise[: n // 2]]),
        "collapsed to 1e-3": torch.ones(d) / math.sqrt(d) + 1e-3 * noise,
        "offset by 100": noise + 100,
        "tight clusters": centres + 1e-3 * noise,
        "tighter clusters": centres + 1e-4 * noise,
        "few coordinates": noise * (torch.arange(d) < d // 8),
    }


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


def lattice(side: int = 4, d: int = 3) -> torch.Tensor:
    """Integer points, so that nearly all distances tie, the last ten of them twice."""
    points = torch.cartesian_prod(*[torch.arange(side, dtype=torch.float32)] * d)
    return torch.cat([points, points[-10:]])


@pytest.mark.parametrize("points", (lattice(), torch.ones(9, 4), torch.zeros(2, 3), *traps(64, 16).values()))
def test_boruvka_is_prim_with_ties_and_duplicates_too(points):
    lengths = []
    for edges in (minimum_spanning_edges(points), boruvka_edges(points)):
        graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(points), len(points)))
        assert connected_components(graph, directed=False)[0] == 1
        pairs = points.double()[edges]
        lengths.append(torch.linalg.vector_norm(pairs[:, 0] - pairs[:, 1], dim=1).sort().values)
    torch.testing.assert_close(*lengths, atol=1e-6, rtol=1e-5)


class NothingReadBack(TorchDispatchMode):
    """Refuses every operation that makes a host wait for an accelerator: values, shapes that depend on the data."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "bincount", "item", "is_nonzero")

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__.strip("_")
        assert not any(name.startswith(word.strip("_")) for word in self.WAITING), name
        if name in ("index", "index_put"):
            assert all(index is None or index.dtype != torch.bool for index in args[1]), name
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("points", (lattice(), torch.randn(33, 7, generator=torch.Generator().manual_seed(0))))
def test_the_accelerators_way_never_waits(points):
    leaf = points.clone().requires_grad_()
    with NothingReadBack():
        edges = boruvka_edges(leaf)
        value = sphere_penalty(leaf) - indexed_length(leaf, edges) / len(leaf)
        value.backward()
    other = points.clone().requires_grad_()
    (sphere_penalty(other) - tree_length(other, edges) / len(other)).backward()
    torch.testing.assert_close(leaf.grad, other.grad)
    with pytest.raises(AssertionError), NothingReadBack():
        points[points > 0].sum()
    compiled = torch.compile(boruvka_edges, fullgraph=True, backend="eager", dynamic=False)
    assert torch.equal(compiled(points), edges)


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


def test_32_points_in_64_dimensions_become_the_regular_simplex():
    study = descend(simplex_start(32, 64), gamma=0.2, lambda_=1.0, rate=0.05, steps=1200)
    assert (study.cosines + 1 / 31).abs().max() < 2e-3
    norms = torch.linalg.vector_norm(study.end, dim=1)
    assert (norms - study.radius).abs().max() < 5e-3
    assert mst_length(study.end).item() == pytest.approx(31 * study.radius * math.sqrt(2 * 32 / 31), rel=1e-3)


def test_256_points_crowded_on_a_circle_spread_around_it():
    """A tree cannot tell apart spacings along a line, so they end in a band around the circle, evenly by angle."""
    study = descend(circle_start(256), gamma=1.0, lambda_=1.0, rate=0.2, steps=1200, optimiser="gradient")
    angles = torch.atan2(study.end[:, 1], study.end[:, 0])
    sectors = torch.histc(angles, 16, -math.pi, math.pi)
    assert torch.histc(torch.atan2(study.start[:, 1], study.start[:, 0]), 16, -math.pi, math.pi).min() == 0
    assert sectors.min() >= 0.75 * 16
    assert sectors.max() <= 1.25 * 16
    assert study.tree[-1] > 3 * study.tree[0]


def test_a_collapsed_start_recovers():
    study = descend(collapsed_start(64, 64), gamma=0.2, lambda_=1.0, rate=0.05, steps=600)
    spectrum = torch.linalg.svdvals(study.end - study.end.mean(dim=0))
    assert spectrum[62] > 0.5 * spectrum[0]


def test_equilibrium_radius_approaches_the_rule_of_thumb():
    assert equilibrium_radius(10_000, 3e-3, 2e-5) == pytest.approx(1 + 3e-3 * math.sqrt(2) / 4e-5, rel=1e-3)
    assert equilibrium_radius(8, 0.0, 0.0) == 1
    assert equilibrium_radius(8, 1.0, 0.0) == math.inf


def test_wrong_arguments_are_named():
    with pytest.raises(InputError, match="0 or more"):
        treg(torch.ones(3, 2), gamma=-1, lambda_=0)
    with pytest.raises(InputError, match="points"):
        mst_length(torch.ones(3))
