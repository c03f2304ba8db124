"""Neighbour lists: brute force by differences, ties by position, whatever the backend."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from storage.errors import InputError
from tasks.geometry.neighbours.knn import Neighbours, knn
from tasks.geometry.neighbours.nn_descent import descend
from tests.tasks.geometry.conftest import TRAPS, gaussian

BACKENDS = [{"backend": "tiles"}, {"backend": "torch"}, {"backend": "faiss", "index": "flat"}]


def brute(points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    difference = points[:, None].astype(np.float64) - points[None].astype(np.float64)
    distance = np.sqrt((difference**2).sum(-1)).astype(np.float32)
    np.fill_diagonal(distance, np.inf)
    place = np.broadcast_to(np.arange(len(points)), distance.shape)
    order = np.lexsort((place, distance), axis=1)[:, : min(k, len(points) - 1)]
    return order, np.take_along_axis(distance, order, axis=1)


def check(found: Neighbours, points: np.ndarray, k: int) -> None:
    order, distance = brute(points, k)
    width = order.shape[1]
    np.testing.assert_allclose(found.distances[:, :width], distance, rtol=1e-6)
    assert (found.positions[:, :width] == order).mean() > 0.999  # float32 near-ties aside
    assert (found.positions[:, width:] == -1).all() and np.isinf(found.distances[:, width:]).all()


@pytest.mark.parametrize("options", BACKENDS, ids=lambda options: options["backend"])
@pytest.mark.parametrize("trap", ["gaussian", "offset by 100", "sixteen tight clusters", "half duplicated"])
def test_equals_brute_force(options: dict[str, str], trap: str) -> None:
    points = TRAPS[trap](700, 16, 0)
    found = knn(points, 5, **options)
    check(found, points, 5)
    assert found.exact


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float32, st.tuples(st.integers(2, 25), st.integers(1, 3)), elements=st.sampled_from([0, 1, 2])),
    st.integers(1, 9),
)
def test_ties_go_to_the_lower_position(points: np.ndarray, k: int) -> None:
    found = knn(points, k)
    order, distance = brute(points, k)
    width = order.shape[1]
    assert np.array_equal(found.positions[:, :width], order)
    assert np.array_equal(found.distances[:, :width], distance)
    assert (found.positions[:, width:] == -1).all()


def test_horizons_hold() -> None:
    points = TRAPS["sixteen tight clusters"](900, 12, 4)
    for options in BACKENDS:
        found = knn(points, 6, **options)
        order, distance = brute(points, len(points) - 1)
        listed = np.array([np.isin(order[i], found.positions[i]) for i in range(len(points))])
        unlisted = np.where(listed, np.inf, distance).min(axis=1)
        assert (unlisted >= found.horizon * (1 - 1e-5)).all()


def test_tiles_do_not_depend_on_workers_or_duplicates() -> None:
    points = np.concatenate([gaussian(1_200, 8), gaussian(300, 8)])
    one, three = knn(points, 7), knn(points, 7, workers=3)
    assert np.array_equal(one.positions, three.positions) and np.array_equal(one.distances, three.distances)
    check(one, points, 7)


@pytest.mark.parametrize("index", ["hnsw", "ivf", "ivfpq"])
def test_approximate_indexes_find_most(index: str) -> None:
    points = gaussian(2_000, 8)
    found = knn(points, 10, index=index)
    order, _ = brute(points, 10)
    recall = np.mean([np.isin(order[i], found.positions[i]).mean() for i in range(len(points))])
    assert not found.exact and recall > 0.98
    assert (found.positions != np.arange(2_000)[:, None]).all()
    again = knn(points, 10, index=index, workers=3)
    assert np.array_equal(found.positions, again.positions)


def test_scale_and_errors() -> None:
    points = gaussian(50, 3)
    np.testing.assert_allclose(knn(points * 1e12, 3).distances, knn(points, 3).distances * 1e12, rtol=1e-6)
    with pytest.raises(InputError, match="k must"):
        knn(points, 0)
    with pytest.raises(InputError, match="belongs to the backend faiss"):
        knn(points, 2, backend="torch", index="ivf")


def test_descent_improves_poor_lists_whatever_the_workers() -> None:
    points = gaussian(3_000, 12)
    order, _ = brute(points, 10)
    poor = np.random.default_rng(0).integers(0, 3_000, (3_000, 10)).astype(np.int32)
    poor[:, 4:] = order[:, 4:]  # the nearest four are unknown
    poor[poor == np.arange(3_000)[:, None]] = -1
    one, three = (descend(points, poor, workers=workers) for workers in (1, 3))
    assert np.array_equal(one[0], three[0]) and np.array_equal(one[1], three[1])
    assert np.mean([np.isin(order[i], one[0][i]).mean() for i in range(3_000)]) > 0.98
    assert (np.diff(one[1], axis=1) >= 0).all() and (one[0] != np.arange(3_000)[:, None]).all()
    assert all(len(np.unique(row)) == 10 for row in one[0])


@pytest.mark.parametrize("options", BACKENDS, ids=lambda options: options["backend"])
def test_whole_numbers_lists_and_points_far_from_zero(options: dict[str, str]) -> None:
    """Wide numbers were rounded to float32 where they lie: points a thousand apart were neighbours at distance 0."""
    whole = np.random.default_rng(0).integers(0, 1_000, (300, 3))
    expected = knn(whole.astype(np.float32), 4, **options)
    for points in (whole.tolist(), whole, whole.astype(np.float64), whole + 2**40, whole + 1e9):
        found = knn(points, np.int64(4), **options)
        np.testing.assert_array_equal(found.distances, expected.distances)


@pytest.mark.parametrize("options", BACKENDS, ids=lambda options: options["backend"])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_points(options: dict[str, str], n: int) -> None:
    found = knn(gaussian(n, 3), 2, **options)
    assert found.positions.tolist() == [[], [[-1, -1]], [[1, -1], [0, -1]]][n]


def test_unknown_names_and_distances_out_of_range_are_one_clear_error() -> None:
    points = gaussian(20, 3).astype(np.float64)
    with pytest.raises(InputError, match="unknown backend 'cuda'; use auto, tiles, faiss, torch"):
        knn(points, 3, backend="cuda")
    with pytest.raises(InputError, match="unknown index 'lsh'"):
        knn(points, 3, index="lsh")
    for factor in (1e300, 1e-300):  # they came out infinite, and 0
        with pytest.raises(InputError, match="do not fit in float32"):
            knn(points * factor, 3)
