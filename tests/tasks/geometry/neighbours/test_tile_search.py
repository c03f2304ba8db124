"""Exact searches: brute force by float64 differences, for any tiles and workers."""

import numpy as np
import pytest

from tasks.geometry.neighbours.tile_search import TileSearch
from tests.tasks.geometry.conftest import TRAPS, gaussian

SEARCHES = ["gaussian", "sixteen tight clusters", "offset by 100"]


def distances(points: np.ndarray, queries: np.ndarray) -> np.ndarray:
    wide = points.astype(np.float64)
    return ((wide[queries, None] - wide[None]) ** 2).sum(axis=2)


@pytest.mark.parametrize("trap", SEARCHES)
@pytest.mark.parametrize("workers", [1, 3])
def test_nearest_points_and_nearest_outside(trap: str, workers: int) -> None:
    points = TRAPS[trap](1_500, 9, 1)
    queries = np.random.default_rng(0).permutation(1_500)[:200].astype(np.int32)
    tiles = TileSearch(points, workers=workers)
    squared = distances(points, queries)
    for labels in (np.arange(1_500, dtype=np.int32), (np.arange(1_500) % 3).astype(np.int32)):
        far = np.where(labels[queries, None] == labels[None], np.inf, squared)
        if labels[-1] == 1_499:
            found = tiles.nearest_points(queries, 6)
        else:
            found = tiles.nearest_outside(queries, labels, 6)
        np.testing.assert_allclose(found[1], np.sort(far, axis=1)[:, :6], rtol=1e-5)
        np.testing.assert_allclose(found[1], np.take_along_axis(far, found[0], axis=1), rtol=1e-5)
        assert (np.diff(found[1], axis=1) >= 0).all()


@pytest.mark.parametrize("trap", SEARCHES)
def test_the_nearest_point_of_each_of_the_nearest_components(trap: str) -> None:
    points = TRAPS[trap](1_200, 4, 2)
    labels = np.random.default_rng(3).integers(0, 6, 1_200).astype(np.int32)
    queries = np.arange(0, 1_200, 7, dtype=np.int32)
    positions, squared = TileSearch(points).nearest_components(queries, labels, 4)
    every = distances(points, queries)
    of_label = np.stack([np.where(labels == label, every, np.inf).min(axis=1) for label in range(6)], axis=1)
    of_label[np.arange(len(queries)), labels[queries]] = np.inf
    np.testing.assert_allclose(squared, np.sort(of_label, axis=1)[:, :4], rtol=1e-5)
    listed = np.sort(labels[positions], axis=1)
    assert (np.diff(listed, axis=1) > 0).all()  # one entry a component
    np.testing.assert_allclose(squared, np.take_along_axis(every, positions, axis=1), rtol=1e-5)


def test_fewer_points_than_wanted_and_no_queries() -> None:
    tiles = TileSearch(gaussian(3, 2))
    positions, squared = tiles.nearest_points(np.arange(3, dtype=np.int32), 5)
    assert (positions[:, 2:] == -1).all() and np.isinf(squared[:, 2:]).all() and (positions[:, :2] >= 0).all()
    positions, squared = tiles.nearest_points(np.empty(0, np.int32), 5)
    assert positions.shape == squared.shape == (0, 5)


def test_progress_counts_every_query_once() -> None:
    done: list[int] = []
    TileSearch(gaussian(1_300, 3), advance=done.append).nearest_points(np.arange(1_300, dtype=np.int32), 2)
    assert sum(done) == 1_300
