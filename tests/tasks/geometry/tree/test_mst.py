"""Spanning trees: the true length on every trap, by every method, with proof or an honest lack of it."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from storage.errors import InputError
from tasks.geometry.tree.mst import SpanningTree, minimum_spanning_tree
from tasks.geometry.tree.prim import prim
from tests.tasks.geometry.conftest import TRAPS, clusters, gaussian, true_length

EXACT = {
    "prim": {"method": "exact"},
    "borůvka": {"method": "knn", "neighbours": 8},
    "borůvka on few": {"method": "knn", "neighbours": 2},
    "faiss flat": {"method": "knn", "backend": "faiss", "index": "flat"},
    "torch": {"method": "knn", "backend": "torch"},
}


def check_tree(tree: SpanningTree, n: int) -> None:
    graph = coo_matrix((np.ones(n - 1), (tree.edges[:, 0], tree.edges[:, 1])), shape=(n, n))
    assert tree.edges.shape == (n - 1, 2) and connected_components(graph, directed=False)[0] == 1
    assert (tree.edges[:, 0] < tree.edges[:, 1]).all() and (np.diff(tree.lengths) >= 0).all()


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("how", EXACT)
def test_true_length_on_every_trap(trap: str, how: str) -> None:
    points = TRAPS[trap](600, 24, 1)
    tree = minimum_spanning_tree(points, **EXACT[how])
    check_tree(tree, len(points))
    assert tree.length == pytest.approx(true_length(points), rel=1e-6)
    assert tree.exact and tree.certified_fraction == 1.0 and tree.excess is None


@pytest.mark.parametrize("index", ["hnsw", "ivf", "ivfpq"])
@pytest.mark.parametrize("trap", ["gaussian", "half duplicated", "sixteen tight clusters"])
def test_an_approximate_index_says_so(index: str, trap: str) -> None:
    points = TRAPS[trap](1_500, 16, 2)
    tree = minimum_spanning_tree(points, method="knn", index=index)
    check_tree(tree, len(points))
    truth = true_length(points)
    assert not tree.exact and "approximate" in tree.method and tree.excess is not None
    assert tree.certified.sum() == tree.repetitions
    assert -1e-6 < tree.length / truth - 1 < 5e-4
    assert tree.length - truth <= tree.excess.bound + 2 * tree.excess.standard_error + 1e-5 * truth


@pytest.mark.parametrize(
    ("n", "points"),
    [
        (6_000, lambda n: gaussian(n, 48)),
        (6_000, lambda n: clusters(n, 24, spread=0.05, count=3)),
        (4_000, lambda n: gaussian(n, 32) * np.arange(1, 33, dtype=np.float32) ** -0.5),
    ],
    ids=["gaussian", "large clusters", "power law"],
)
def test_the_estimated_excess_covers_the_true_one(
    n: int, points: Callable[[int], np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists spoilt on purpose: half of each list is forgotten, and few members of a component are asked."""
    from tasks.geometry.tree import excess_length as excess
    from tasks.geometry.tree import mst

    monkeypatch.setattr(mst, "ASKED_PER_COMPONENT", 16)
    monkeypatch.setattr(excess, "ASKED_OF_SIDE", 128)
    original, rng = mst.search, np.random.default_rng(0)

    def spoilt(*arguments: object) -> object:
        found = original(*arguments)
        chosen = np.sort(rng.random(found.positions.shape).argsort(axis=1)[:, :6], axis=1)
        return dataclasses.replace(
            found,
            positions=np.take_along_axis(found.positions, chosen, axis=1),
            distances=np.take_along_axis(found.distances, chosen, axis=1),
            horizon=np.take_along_axis(found.distances, chosen, axis=1)[:, -1],
            exact=False,
        )

    cloud = points(n)
    truth = minimum_spanning_tree(cloud, method="exact").length
    monkeypatch.setattr(mst, "search", spoilt)
    tree = minimum_spanning_tree(cloud, method="knn")
    assert tree.excess is not None and tree.length > truth * (1 + 1e-4)
    assert tree.length - truth <= tree.excess.bound + 2 * tree.excess.standard_error
    assert tree.excess.bound < 0.2 * truth


def test_the_excess_bound_sees_a_bad_tree() -> None:
    from tasks.geometry.tree.excess_length import estimate_excess

    points = gaussian(400, 3)
    chain = np.stack([np.arange(399), np.arange(1, 400)], axis=1)
    lengths = np.linalg.norm(points[1:] - points[:-1], axis=1).astype(np.float64)
    found = estimate_excess(points, chain, lengths, budget=10**6)
    assert found.unassessed == 0 and found.bound >= lengths.sum() - true_length(points)
    good = minimum_spanning_tree(points)
    assert estimate_excess(points, good.edges, good.lengths).bound == 0


def test_requeries_on_separated_clusters_are_about_one_a_point() -> None:
    points = clusters(3_000, 32)
    tree = minimum_spanning_tree(points, method="knn", neighbours=16)
    assert tree.requeries <= 1.2 * len(points)
    assert tree.length == pytest.approx(minimum_spanning_tree(points, method="exact").length, rel=1e-7)


def test_the_same_tree_for_any_number_of_workers() -> None:
    points = np.concatenate([clusters(1_000, 16), gaussian(600, 16)])
    trees = [minimum_spanning_tree(points, method="knn", workers=workers) for workers in (1, 3)]
    assert np.array_equal(trees[0].edges, trees[1].edges) and np.array_equal(trees[0].lengths, trees[1].lengths)
    for index in ("ivf", "hnsw"):
        trees = [minimum_spanning_tree(points, method="knn", index=index, workers=workers) for workers in (1, 3)]
        assert np.array_equal(trees[0].edges, trees[1].edges)


def test_prim_with_and_without_a_gram_matrix() -> None:
    for trap in ("gaussian", "sixteen tight clusters", "ties of a grid", "offset by 100"):
        points = TRAPS[trap](500, 40, 3)
        (_, held), (_, fused) = prim(points), prim(points, gram_limit=0)
        assert fused.sum() == pytest.approx(held.sum(), rel=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float32, st.tuples(st.integers(2, 30), st.integers(1, 4)), elements=st.sampled_from([-2, 0, 0.5, 1, 3]))
)
def test_properties_on_small_lattices(points: np.ndarray) -> None:
    """Full of ties and repetitions: equals scipy; scales; does not depend on the order of the points."""
    exact = minimum_spanning_tree(points, method="exact")
    assert exact.length == pytest.approx(true_length(points), abs=1e-5)
    for other in (
        minimum_spanning_tree(points, method="knn", neighbours=2),
        minimum_spanning_tree(points[::-1], method="knn", neighbours=3),
        minimum_spanning_tree(points[::-1]),
    ):
        check_tree(other, len(points))
        np.testing.assert_allclose(other.lengths, exact.lengths, rtol=1e-6)
    assert minimum_spanning_tree(3 * points).length == pytest.approx(3 * exact.length, rel=1e-6)
    assert minimum_spanning_tree(np.vstack([points, points])).length == pytest.approx(exact.length, rel=1e-6)


@pytest.mark.parametrize("method", ["exact", "knn"])
def test_degenerate_sizes(method: str) -> None:
    assert minimum_spanning_tree(np.zeros((1, 3), np.float32), method=method).length == 0
    assert len(minimum_spanning_tree(np.zeros((0, 3), np.float32), method=method).edges) == 0
    two = minimum_spanning_tree(np.array([[0, 0], [3, 4]], np.float32), method=method)
    assert two.length == 5 and two.edges.tolist() == [[0, 1]]


def test_bad_points_are_refused() -> None:
    points = gaussian(10, 3)
    points[4, 1] = np.nan
    with pytest.raises(InputError, match="point 4"):
        minimum_spanning_tree(points)
    with pytest.raises(InputError, match="matrix"):
        minimum_spanning_tree(np.zeros(5))
    with pytest.raises(InputError, match="unknown method 'prim'; use auto, exact, knn"):  # was taken for knn
        minimum_spanning_tree(points, method="prim")
    with pytest.raises(InputError, match="unknown backend"):
        minimum_spanning_tree(gaussian(5, 2), backend="cuda")
    with pytest.raises(InputError, match="neighbours"):
        minimum_spanning_tree(gaussian(5, 2), neighbours=0)


@pytest.mark.parametrize("how", ["prim", "borůvka"])
def test_whole_numbers_lists_and_points_far_from_zero(how: str) -> None:
    """Wide numbers were rounded to float32 where they lie: whole trees had length 0."""
    whole = np.random.default_rng(0).integers(0, 1_000, (300, 3))
    truth = true_length(whole)
    for points in (
        whole.tolist(),
        whole,
        whole.astype(np.float64),
        np.asfortranarray(whole),
        whole + 2**40,
        whole - 1e9,
    ):
        assert minimum_spanning_tree(points, **EXACT[how]).length == pytest.approx(truth, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 40), st.integers(2, 5), st.integers(0, 2**31))
def test_a_tree_turns_and_moves_with_its_points(n: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, order = rng.standard_normal((n, d)), rng.permutation(n)
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    tree = minimum_spanning_tree(points)
    moved = minimum_spanning_tree((2.5 * points @ turn + 7)[order])
    assert {frozenset(order[edge].tolist()) for edge in moved.edges} == {frozenset(e) for e in tree.edges.tolist()}
    rounding = np.finfo(np.float32).eps * 2.5 * np.abs(points).max() * np.sqrt(d)  # points are held in float32
    np.testing.assert_allclose(moved.lengths, 2.5 * tree.lengths, rtol=1e-6, atol=4 * rounding)


@pytest.mark.slow
@pytest.mark.parametrize("trap", TRAPS)
def test_traps_at_size(trap: str) -> None:
    points = TRAPS[trap](4_000, 512, 0)
    truth = true_length(points)
    for options in ({"method": "exact"}, {"method": "knn"}):
        assert minimum_spanning_tree(points, **options).length == pytest.approx(truth, rel=1e-5)
