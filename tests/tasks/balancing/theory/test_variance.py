"""The paper's variances: identities of the centring operators, and Monte Carlo on a small joint."""

from __future__ import annotations

import numpy as np
import pytest

from storage.errors import InputError
from tasks.balancing.theory.pair_measure import PairMeasure, start_measure
from tasks.balancing.theory.simulation import balanced_samples, dense_measure, dependent_joint, long_tail
from tasks.balancing.theory.variance import centred_variance, predicted_variance
from tests.tasks.balancing.examples import random_matrix


def values_of(measure: PairMeasure, table: np.ndarray) -> np.ndarray:
    return table[measure.rows, measure.columns]


def test_independent_variables_lose_both_side_effects() -> None:
    p = long_tail(5)
    measure = dense_measure(np.outer(p, p))
    generator = np.random.default_rng(0)
    f, g = generator.normal(size=5), generator.normal(size=5)
    found = predicted_variance(measure, values_of(measure, f[:, None] + g[None, :]), 2)

    def spread(a: np.ndarray) -> float:
        return float((p * (a - p @ a) ** 2).sum())

    np.testing.assert_allclose(found.variance, [spread(f) + spread(g), spread(g), 0.0], atol=1e-12)
    np.testing.assert_allclose(found.reduction[2], 1.0)


def test_row_functions_vanish_after_a_row_step_and_s_squared_governs_the_rest() -> None:
    """For a function of x alone a keyword step leaves `f − s f`-like residue: Var = (1 − s²) Var f exactly."""
    p, s = long_tail(6), 0.6
    measure = dense_measure(dependent_joint(p, s))
    f = np.random.default_rng(1).normal(size=6)
    h = values_of(measure, np.repeat(f[:, None], 6, axis=1))
    variance = float((p * (f - p @ f) ** 2).sum())
    assert centred_variance(measure, h, ("x",)) == pytest.approx(0.0, abs=1e-14)
    assert centred_variance(measure, h, ("y",)) == pytest.approx((1 - s**2) * variance)


def test_more_half_steps_of_one_side_change_nothing() -> None:
    matrix = random_matrix(30, 8, 2)
    measure = start_measure(matrix.indptr, matrix.indices, 8)
    h = np.random.default_rng(0).normal(size=len(measure.mass))
    once, twice = (centred_variance(measure, h, sides) for sides in (("x",), ("x", "x")))
    assert once == pytest.approx(twice)
    assert predicted_variance(measure, h, 6).variance[0] == pytest.approx(np.cov(h, aweights=measure.mass, ddof=0))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_prediction_agrees_with_monte_carlo(steps: int) -> None:
    joint = dependent_joint(np.array([0.5, 0.3, 0.2]), 0.4)
    generator = np.random.default_rng(5)
    h = generator.normal(size=(3, 3))
    n, repetitions = 2000, 20_000
    sample = generator.multinomial(n, joint.ravel(), size=repetitions).reshape(-1, 3, 3) / n
    margins = joint.sum(axis=1), joint.sum(axis=0)
    errors = np.einsum("nij,ij->n", balanced_samples(sample, *margins, steps), h) - (joint * h).sum()
    squares = errors**2
    measure = dense_measure(joint)
    predicted = predicted_variance(measure, values_of(measure, h), steps).variance[steps] / n
    error = squares.std() / np.sqrt(repetitions)
    # Monte Carlo error, plus the theorem's next order, here about 1/n of the leading term.
    assert abs(squares.mean() - predicted) <= 3.5 * error + 5.0 / n * predicted


def test_a_test_function_of_the_wrong_length_is_refused() -> None:
    matrix = random_matrix(5, 3, 0)
    measure = start_measure(matrix.indptr, matrix.indices, 3)
    with pytest.raises(InputError, match="one a match"):
        predicted_variance(measure, np.zeros(2), 1)


def test_orders_and_functions_of_any_numbers() -> None:
    measure = start_measure([0, 2, 3], [0, 1, 1], 2)
    wanted = predicted_variance(measure, np.array([1.0, 2.0, 4.0]), ("x", "y"))
    for order in (2, np.int64(2), ["x", "y"]):
        for h in ([1, 2, 4], np.array([1, 2, 4])):
            found = predicted_variance(measure, h, order)
            np.testing.assert_array_equal(found.variance, wanted.variance)
            assert found.order == ("x", "y")
