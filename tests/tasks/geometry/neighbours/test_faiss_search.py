"""Candidates by faiss: what the flat index does not list is no nearer than the horizon."""

import numpy as np
import pytest

from storage.errors import InputError
from tasks.geometry.neighbours.faiss_search import nearest_points_faiss
from tests.tasks.geometry.conftest import TRAPS, gaussian


@pytest.mark.parametrize("trap", ["gaussian", "sixteen tight clusters", "offset by 100"])
def test_horizons_bound_what_is_not_listed(trap: str) -> None:
    points = TRAPS[trap](800, 10, 3)
    positions, horizon = nearest_points_faiss(points, 5, "flat", device="cpu", workers=1)[:2]
    wide = points.astype(np.float64)
    squared = ((wide[:, None] - wide[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squared, np.inf)
    assert positions.shape[1] > 5 and (positions != np.arange(800)[:, None]).all()
    np.put_along_axis(squared, positions.astype(np.int64), np.inf, axis=1)
    assert (squared.min(axis=1) >= horizon).all()


@pytest.mark.parametrize("index", ["flat", "hnsw", "ivf", "ivfpq"])
def test_no_point_is_its_own_candidate_and_workers_do_not_matter(index: str) -> None:
    points = gaussian(1_000, 8)
    found = [nearest_points_faiss(points, 6, index, device="cpu", workers=workers) for workers in (1, 3)]
    positions, _, method = found[0]
    assert (positions != np.arange(1_000)[:, None]).all() and positions.shape[1] > 6
    assert np.array_equal(positions, found[1][0]) and "faiss" in method
    assert all(len(set(row)) == len(row) for row in positions.tolist() if -1 not in row)


def test_few_points_are_all_listed_and_unknown_indexes_refused() -> None:
    positions, horizon, _ = nearest_points_faiss(gaussian(4, 2), 9, "flat", device="cpu", workers=1)
    assert [sorted(row) for row in positions.tolist()] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]
    assert np.isinf(horizon).all()
    with pytest.raises(InputError, match="unknown faiss index"):
        nearest_points_faiss(gaussian(4, 2), 2, "auto", device="cpu", workers=1)
