"""One pass over the rows: values by their formula, counts as their gradient, nothing lost near a reference."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.balancing.calibration.row_pass import row_pass
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tests.tasks.balancing.examples import dense, random_matrix


def passed(
    matrix: Incidence, start: np.ndarray, reference: np.ndarray, change: np.ndarray, low: float, high: float
) -> tuple[float, float, np.ndarray, np.ndarray]:
    weight, counts = np.full(matrix.rows, np.nan), np.full(matrix.columns, np.nan)
    mu = np.arange(1.0, matrix.rows + 1)
    value, expected = row_pass(
        matrix.indptr, matrix.indices, mu, np.log(start), reference, change, low, high, weight, counts
    )
    return value, expected, weight, counts


def conjugate(a: np.ndarray, start: np.ndarray, low: float, high: float) -> np.ndarray:
    """ψ by its definition, at the weight that attains it."""
    w = np.clip(start * np.exp(a), low, high)
    logs = np.where(w > 0, np.log(np.maximum(w, 1e-300) / start), 0.0)
    return w * a - w * logs + w - start


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.2, 0.9), (0.0, 1e6)])
def test_values_are_differences_of_the_conjugate_and_counts_their_gradient(low: float, high: float) -> None:
    matrix = random_matrix(40, 6, 1)
    generator = np.random.default_rng(0)
    start = generator.uniform(0.1, 1.5, size=40)
    reference, change = generator.normal(size=6), generator.normal(size=6)
    value, expected, weight, counts = passed(matrix, start, reference, change, low, high)
    table, mu = dense(matrix), np.arange(1.0, 41.0)
    before, after = table @ reference, table @ (reference + change)
    difference = conjugate(after, start, low, high) - conjugate(before, start, low, high)
    assert value == pytest.approx(mu @ difference, rel=1e-12)
    np.testing.assert_allclose(weight, np.clip(start * np.exp(after), low, high), rtol=1e-13)
    np.testing.assert_allclose(counts, table.T @ (mu * weight), rtol=1e-13)
    assert expected == pytest.approx(mu @ weight)
    for j in range(6):
        step = np.zeros(6)
        step[j] = 1e-6
        up, down = (passed(matrix, start, reference, change + sign * step, low, high)[0] for sign in (1, -1))
        assert (up - down) / 2e-6 == pytest.approx(counts[j], rel=1e-6, abs=1e-6)


def test_tiny_changes_keep_their_digits() -> None:
    # ψ itself is about 1e6 here, so that differences of rounded values would have no digit at a change of 1e-12.
    matrix = incidence_of([[0]] * 1000, 1)
    value, _, _, counts = passed(matrix, np.full(1000, 2.0), np.zeros(1), np.array([1e-12]), 0.0, 10.0)
    assert value == pytest.approx(1e-12 * counts[0], rel=1e-10)


def test_shards_of_rows_add_up() -> None:
    matrix = random_matrix(60, 7, 2)
    start, lam = np.full(60, 0.5), np.random.default_rng(1).normal(size=7)
    mu, whole = np.ones(60), [0.0, 0.0, np.zeros(7)]
    for rows in (np.arange(25), np.arange(25, 60), np.arange(60)):
        part = matrix.take(rows)
        weight, counts = np.empty(len(rows)), np.empty(7)
        found = row_pass(
            part.indptr, part.indices, mu[rows], np.log(start[rows]), np.zeros(7), lam, 0.0, 1.0, weight, counts
        )
        if len(rows) < 60:
            whole = [whole[0] + found[0], whole[1] + found[1], whole[2] + counts]
    assert found == pytest.approx(tuple(whole[:2]))
    np.testing.assert_allclose(counts, whole[2])


@pytest.mark.parametrize("size", [-800.0, -30.0, 0.0, 30.0, 800.0])
@pytest.mark.parametrize("change", [-800.0, -1e-9, 0.0, 1e-9, 800.0])
def test_no_lambda_makes_a_number_that_is_none(size: float, change: float) -> None:
    matrix = incidence_of([range(300), [0], []], 300)
    found = passed(matrix, np.full(3, 0.5), np.full(300, size), np.full(300, change), 0.0, 5.0)
    assert all(np.isfinite(part).all() for part in found)
    assert found[2].min() >= 0.0 and found[2].max() <= 5.0 + 1e-12
