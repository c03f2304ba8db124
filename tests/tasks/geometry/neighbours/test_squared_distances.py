"""Distances by differences, and bounds on what float32 may lose: against float64."""

import numpy as np
import pytest

from tasks.geometry.neighbours.squared_distances import (
    difference_error_factor,
    differences_float32,
    differences_float64,
    gram_error_factor,
    inner_product_error_factor,
)
from tests.tasks.geometry.conftest import TRAPS

CLOUDS = ["gaussian", "sixteen tight clusters", "offset by 100", "collapsed to 1e-3"]


@pytest.mark.parametrize("trap", CLOUDS)
@pytest.mark.parametrize("d", [1, 7, 300])
def test_errors_stay_within_their_bounds(trap: str, d: int) -> None:
    points = TRAPS[trap](60, d, 0)
    wide = points.astype(np.float64)
    true = ((wide[:, None] - wide[None]) ** 2).sum(axis=2)
    every = range(len(points))
    float64 = np.array([[differences_float64(points, i, j) for j in every] for i in every])
    float32 = np.array([[differences_float32(points[i], points[j]) for j in every] for i in every], np.float64)
    np.testing.assert_allclose(float64, true, rtol=1e-12)
    assert (np.abs(float32 - true) <= difference_error_factor(d) * true).all()
    centred = points - points.mean(axis=0, dtype=np.float64).astype(np.float32)
    gram = (centred @ centred.T).astype(np.float64)
    norms = np.diag(gram)
    both = norms[:, None] + norms[None]
    assert (np.abs(both - 2 * gram - true) <= gram_error_factor(d) * both).all()
    exact = centred.astype(np.float64) @ centred.astype(np.float64).T
    lengths = np.sqrt(np.diag(exact))
    assert (np.abs(gram - exact) <= inner_product_error_factor(d) / 2 * np.outer(lengths, lengths)).all()


def test_bounds_grow_with_the_dimension() -> None:
    for factor in (gram_error_factor, inner_product_error_factor, difference_error_factor):
        values = [factor(d) for d in (1, 10, 100, 10_000)]
        assert values == sorted(values) and 0 < values[0] < 1e-5 and values[-1] < 0.01
