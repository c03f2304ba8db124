"""Candidates by torch: what is not listed is no nearer than the horizon."""

import warnings

import numpy as np
import pytest

from tasks.geometry.neighbours import torch_search
from tasks.geometry.neighbours.torch_search import nearest_points_torch
from tests.tasks.geometry.conftest import TRAPS, gaussian


@pytest.mark.parametrize("trap", ["gaussian", "sixteen tight clusters", "offset by 100"])
def test_horizons_bound_what_is_not_listed(trap: str) -> None:
    points = TRAPS[trap](800, 10, 3)
    positions, horizon = nearest_points_torch(points, 5, device="cpu")
    wide = points.astype(np.float64)
    squared = ((wide[:, None] - wide[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squared, np.inf)
    assert positions.shape[1] > 5 and (positions != np.arange(800)[:, None]).all()
    np.put_along_axis(squared, positions.astype(np.int64), np.inf, axis=1)
    assert (squared.min(axis=1) >= horizon).all()


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    points = gaussian(500, 6)
    whole, horizon = nearest_points_torch(points, 4, device="cpu")
    monkeypatch.setattr(torch_search, "ROWS", 70)
    monkeypatch.setattr(torch_search, "COLUMNS", 33)
    done: list[int] = []
    parts, bound = nearest_points_torch(points, 4, device="cpu", advance=done.append)
    assert np.array_equal(whole, parts) and sum(done) == 500
    np.testing.assert_allclose(bound, horizon, atol=1e-5)


def test_few_points_are_all_listed() -> None:
    positions, horizon = nearest_points_torch(gaussian(3, 2), 5, device="cpu")
    assert np.sort(positions, axis=1).tolist() == [[1, 2], [0, 2], [0, 1]] and np.isinf(horizon).all()


def test_points_that_may_not_be_written_to() -> None:
    points = gaussian(50, 4)
    points.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        positions, _ = nearest_points_torch(points, 2, device="cpu")
    assert np.array_equal(positions, nearest_points_torch(gaussian(50, 4), 2, device="cpu")[0])
