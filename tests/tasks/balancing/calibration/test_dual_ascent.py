"""The climb asks for passes only, wherever the rows are, and never calls certified what is not."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.balancing.calibration.dual_ascent import Bands, Pass, climb
from tests.tasks.balancing.examples import dense, random_matrix


class Table:
    """Rows as a dense table in two shards, in plain numpy: another implementation of a pass."""

    def __init__(self, table: np.ndarray, start: float = 0.5, high: float = 1.0) -> None:
        self.shards, self.start, self.high, self.made = np.array_split(table, 2), start, high, 0

    def weights(self, lam: np.ndarray) -> list[np.ndarray]:
        return [np.minimum(self.start * np.exp(part @ lam), self.high) for part in self.shards]

    def value(self, lam: np.ndarray) -> float:
        return sum(
            float((w * (1.0 + part @ lam - np.log(w / self.start)) - self.start).sum())
            for part, w in zip(self.shards, self.weights(lam))
        )

    def __call__(self, reference: np.ndarray, change: np.ndarray) -> Pass:
        self.made += 1
        weights = self.weights(reference + change)
        counts = sum(part.T @ w for part, w in zip(self.shards, weights))
        value = self.value(reference + change) - self.value(reference)
        return Pass(value, np.asarray(counts), float(sum(w.sum() for w in weights)))

    def primal(self, lam: np.ndarray, bands: Bands) -> float:
        w = np.concatenate(self.weights(lam))
        counts = np.concatenate(self.shards).T @ w
        return float((w * np.log(w / self.start) - w + self.start).sum()) + bands.missed(counts)

    def dual(self, lam: np.ndarray, bands: Bands) -> float:
        return float(np.maximum(lam, 0) @ bands.lower - np.maximum(-lam, 0) @ bands.upper) - self.value(lam)


def problem(slack: float, seed: int = 3) -> tuple[Table, Bands, np.ndarray]:
    matrix = random_matrix(80, 9, seed)
    goal = np.minimum(matrix.counts, 9.0)
    return Table(dense(matrix)), Bands(goal * (1 - slack), goal * (1 + slack), 16.0, 4.0), matrix.counts


@pytest.mark.parametrize("slack", [0.0, 0.2, 1.0])
def test_the_gap_is_primal_minus_dual_and_small_at_the_end(slack: float) -> None:
    rows, bands, counts = problem(slack)
    unit = 1.0 / np.sqrt(0.5 * counts)
    best, ascent = climb(rows, bands, np.zeros(9), unit, tolerance=1e-8, most=500)
    assert best.certified(1e-8) and ascent.passes == rows.made < 500
    assert (best.lam >= -4.0).all() and (best.lam <= 16.0).all()
    assert rows.primal(best.lam, bands) - rows.dual(best.lam, bands) == pytest.approx(best.gap, abs=1e-9)
    inside = (best.found.counts > bands.lower + 1e-4) & (best.found.counts < bands.upper - 1e-4)
    np.testing.assert_allclose(best.lam[inside], 0.0, atol=1e-6)
    for lam in np.random.default_rng(0).uniform(-4, 16, size=(200, 9)):
        assert bands.gap(lam, rows(lam, np.zeros(9)).counts) >= -1e-9
        assert rows.dual(lam, bands) <= rows.primal(best.lam, bands) + 1e-9


def test_too_few_passes_are_not_certified_and_not_exceeded() -> None:
    rows, bands, counts = problem(0.0)
    for most in (1, 2, 5):
        rows.made = 0
        best, _ = climb(rows, bands, np.zeros(9), 1.0 / np.sqrt(counts), tolerance=1e-8, most=most)
        assert rows.made == most and not best.certified(1e-8)
        assert rows.primal(best.lam, bands) - rows.dual(best.lam, bands) == pytest.approx(best.gap, rel=1e-9)


def test_a_start_at_the_solution_is_certified_by_one_pass() -> None:
    rows, bands, counts = problem(0.1)
    unit = 1.0 / np.sqrt(counts)
    best, _ = climb(rows, bands, np.zeros(9), unit, tolerance=1e-8, most=500)
    rows.made = 0
    climb(rows, bands, best.lam, unit, tolerance=2e-8, most=500)
    assert rows.made == 1


def test_a_keyword_without_captions_costs_no_certificate() -> None:
    table = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    bands = Bands(np.array([1.0, 2.0]), np.array([1.0, 2.0]), 8.0, 4.0)
    best, _ = climb(Table(table), bands, np.zeros(2), np.array([1.0, 0.0]), tolerance=1e-9, most=100)
    assert best.certified(1e-9) and best.found.counts[0] == pytest.approx(1.0) and best.lam[1] == 8.0
