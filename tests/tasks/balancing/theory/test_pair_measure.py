"""Measures on the matches: marginals, conditional means and the raked measure, beside dense tables."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.balancing.raking.rake import rake
from tasks.balancing.theory.pair_measure import PairMeasure, scaled_measure, start_measure
from tests.tasks.balancing.examples import dense, dense_rake, feasible_targets, random_matrix


def table_of(measure: PairMeasure) -> np.ndarray:
    table = np.zeros((measure.n, measure.m))
    table[measure.rows, measure.columns] = measure.mass
    return table


@pytest.mark.parametrize("unit", ["rows", "pairs"])
def test_the_start_is_that_of_raking(unit: str) -> None:
    matrix = random_matrix(30, 8, 1)
    found = start_measure(matrix.indptr, matrix.indices, 8, unit)
    expected = dense_rake(dense(matrix), np.ones(30), np.ones(8), (), unit)
    np.testing.assert_allclose(table_of(found), expected, rtol=1e-12)
    np.testing.assert_allclose(found.row_marginal, expected.sum(axis=1))
    np.testing.assert_allclose(found.column_marginal, expected.sum(axis=0))


def test_conditional_means_keep_the_mean_and_project() -> None:
    matrix = random_matrix(30, 8, 2, empty=True)
    measure = start_measure(matrix.indptr, matrix.indices, 8)
    h = np.random.default_rng(0).normal(size=len(measure.mass))
    for mean in (measure.row_mean, measure.column_mean):
        assert (measure.mass * mean(h)).sum() == pytest.approx((measure.mass * h).sum())
        np.testing.assert_allclose(mean(mean(h)), mean(h), atol=1e-12)
        np.testing.assert_allclose(mean(np.ones_like(h)), 1.0)
    first = measure.rows == measure.rows[0]
    assert measure.row_mean(h)[first][0] == pytest.approx(np.average(h[first], weights=measure.mass[first]))


def test_without_mass_a_mean_is_zero() -> None:
    measure = PairMeasure(np.array([0, 1]), np.array([0, 0]), np.array([1.0, 0.0]), 2, 1)
    assert measure.row_mean(np.array([3.0, 5.0])).tolist() == [3.0, 0.0]


@pytest.mark.parametrize("order", [("y", "x"), ("x", "y", "x")])
def test_the_raked_measure_follows_from_weights_and_scales(order: tuple[str, ...]) -> None:
    """After a last half step on the captions, each caption's mass lies on its keywords as their scales."""
    matrix = random_matrix(40, 9, 3)
    rows, columns = feasible_targets(matrix, 3)
    found = rake(
        matrix.indptr, matrix.indices, columns=9, row_target=rows, column_target=columns, steps=order, initial="pairs"
    )
    measure = scaled_measure(matrix.indptr, matrix.indices, found.weight, found.log_scale)
    expected = dense_rake(dense(matrix), rows, columns, order, "pairs")
    np.testing.assert_allclose(table_of(measure), expected, rtol=1e-9, atol=1e-15)


def test_keywords_shut_out_get_nothing() -> None:
    measure = scaled_measure([0, 2, 3], [0, 1, 1], [1, 1], [0.0, -np.inf])
    np.testing.assert_allclose(table_of(measure), [[1.0, 0.0], [0.0, 0.0]])
