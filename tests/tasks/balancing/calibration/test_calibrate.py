"""Calibration: optimality against a convex solver, bands, bounds, priorities, size and effective size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, minimize

from storage.errors import InputError
from tasks.balancing.calibration.calibrate import calibrate
from tasks.balancing.calibration.to_size import calibrate_to_size
from tasks.balancing.diagnostics import total_variation
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.threshold_rule import threshold
from tests.tasks.balancing.examples import dense, random_matrix


def expected_counts(matrix: Incidence, weights: np.ndarray) -> np.ndarray:
    return dense(matrix).T @ weights


@pytest.mark.parametrize("seed", range(3))
def test_feasible_bands_are_met_by_the_kl_projection(seed: int) -> None:
    matrix = random_matrix(25, 5, seed)
    generator = np.random.default_rng(seed)
    start = generator.uniform(0.2, 0.8, size=25)
    goal = expected_counts(matrix, generator.uniform(0.1, 0.9, size=25))
    lower, upper = 0.95 * goal, 1.05 * goal
    found = calibrate(
        matrix.indptr,
        matrix.indices,
        columns=5,
        lower=lower,
        upper=upper,
        initial=start,
        tolerance=1e-9,
        price=50.0,
        iterations=5000,
    )
    assert found.converged and found.infeasible == ()
    counts = expected_counts(matrix, found.inclusion)
    assert (counts >= lower - 1e-6).all() and (counts <= upper + 1e-6).all()
    assert (found.inclusion >= 0).all() and (found.inclusion <= 1).all()

    def divergence(w: np.ndarray) -> float:
        return float((w * np.log(w / start) - w + start).sum())

    solved = minimize(
        divergence,
        np.clip(found.inclusion, 1e-6, 1 - 1e-9),
        jac=lambda w: np.log(w / start),
        bounds=[(1e-9, 1.0)] * 25,
        constraints=[LinearConstraint(dense(matrix).T, lower, upper)],
        method="trust-constr",
        options={"gtol": 1e-9, "maxiter": 2000},
    )
    assert divergence(np.maximum(found.inclusion, 1e-12)) == pytest.approx(solved.fun, abs=2e-4)


def test_dual_gap_certifies_and_scales_with_tolerance() -> None:
    matrix = random_matrix(300, 30, 7)
    goal = np.minimum(matrix.counts, 12).astype(float)
    gaps = [
        calibrate(
            matrix.indptr,
            matrix.indices,
            columns=30,
            lower=goal,
            upper=goal,
            priority="nearest",
            tolerance=tolerance,
            iterations=20_000,
        )
        for tolerance in (1e-2, 1e-7)
    ]
    for found, tolerance in zip(gaps, (1e-2, 1e-7)):
        assert 0 <= found.gap <= tolerance * found.inclusion.sum()
    assert gaps[1].iterations >= gaps[0].iterations


def test_floors_come_before_caps_and_both_are_named() -> None:
    # Every caption of the rare keyword 1 holds the head keyword 0 as well.
    matrix = incidence_of([[0]] * 10 + [[0, 1]] * 6, 2)
    bands = np.array([3.0, 6.0])
    first = calibrate(matrix.indptr, matrix.indices, columns=2, lower=bands, upper=bands)
    counts = expected_counts(matrix, first.inclusion)
    assert counts[1] == pytest.approx(6.0, rel=1e-3) and counts[0] >= 6.0
    assert [(o.kind, o.columns) for o in first.infeasible] == [("cap", (0,))]
    assert not first.converged and "bands conflict" in first.reason
    assert "“the” stays at" in first.explanation(["the", "axolotl"])


def test_a_floor_above_all_captions_is_named() -> None:
    matrix = incidence_of([[0], [0], [1]], 2)
    found = calibrate(matrix.indptr, matrix.indices, columns=2, lower=np.array([5.0, 0.0]), upper=np.array([9.0, 1.0]))
    assert [(o.kind, o.columns, o.held) for o in found.infeasible] == [("floor", (0,), 2.0)]
    np.testing.assert_allclose(found.inclusion[:2], 1.0)


def test_lower_bound_of_weights_is_kept() -> None:
    matrix = random_matrix(100, 8, 2)
    goal = np.full(8, 4.0)
    found = calibrate(
        matrix.indptr, matrix.indices, columns=8, lower=goal, upper=goal, bounds=(0.05, 2.0), iterations=2000
    )
    assert found.inclusion.min() >= 0.05 - 1e-12 and found.inclusion.max() <= 2.0 + 1e-12


def test_equal_captions_get_equal_weights_in_any_order() -> None:
    matrix = random_matrix(200, 10, 5)
    goal = np.minimum(matrix.counts, 20).astype(float)
    shuffled = np.random.default_rng(0).permutation(200)
    found = [
        calibrate(part.indptr, part.indices, columns=10, lower=goal, upper=goal)
        for part in (matrix, matrix.take(shuffled))
    ]
    np.testing.assert_array_equal(found[0].inclusion[shuffled], found[1].inclusion)


@pytest.mark.parametrize("size", [60.0, 150.0, 350.0])
def test_size_is_met(size: float) -> None:
    matrix = random_matrix(300, 25, 3)
    goal = np.minimum(matrix.counts, 10).astype(float)
    found = calibrate_to_size(matrix.indptr, matrix.indices, columns=25, target=goal, size=size, cap=2.0)
    assert found.inclusion.sum() == pytest.approx(size, rel=2e-3)
    assert found.inclusion.max() <= 2.0 + 1e-12


def test_effective_size_is_traded_for_distance() -> None:
    matrix = random_matrix(500, 40, 3)
    goal = np.minimum(matrix.counts, 8).astype(float)
    distances, sizes = [], []
    for wanted in (None, 300, 400, 450):
        found = calibrate_to_size(
            matrix.indptr, matrix.indices, columns=40, target=goal, size=250, cap=4.0, effective_size=wanted
        )
        distances.append(total_variation(expected_counts(matrix, found.inclusion), goal))
        sizes.append(found.effective_sample_size)
        if wanted is not None:
            assert found.effective_sample_size >= wanted * 0.998
    assert distances == sorted(distances) and sizes == sorted(sizes)


def test_calibration_beats_threshold_and_half_step_at_equal_size() -> None:
    matrix = random_matrix(2000, 200, 11)
    goal = np.minimum(matrix.counts, 15).astype(float)
    cut = threshold(matrix.indptr, matrix.indices, columns=200, t=15.0)
    half = rake(matrix.indptr, matrix.indices, columns=200, column_target=goal, steps=("y",))
    found = calibrate_to_size(
        matrix.indptr, matrix.indices, columns=200, target=goal, size=cut.inclusion.sum(), cap=3.0
    )
    others = min(total_variation(expected_counts(matrix, w), goal) for w in (cut.inclusion, half.weight))
    assert total_variation(expected_counts(matrix, found.inclusion), goal) <= 0.6 * others


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lower": np.array([2.0, 0.0]), "upper": np.array([1.0, 1.0])}, "band of keyword 0"),
        ({"lower": np.array([0.0])}, "2 entries"),
        ({"bounds": (1.0, 0.5)}, "bounds"),
        ({"initial": np.array([1.0, 0.0])}, "positive"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change: dict, words: str) -> None:
    matrix = incidence_of([[0], [1]], 2)
    arguments = {"lower": np.zeros(2), "upper": np.ones(2), **change}
    with pytest.raises(InputError, match=words):
        calibrate(matrix.indptr, matrix.indices, columns=2, **arguments)


def test_size_beyond_reach_is_refused() -> None:
    matrix = incidence_of([[0], [1]], 2)
    with pytest.raises(InputError, match="at most 2"):
        calibrate_to_size(matrix.indptr, matrix.indices, columns=2, target=np.ones(2), size=5)
