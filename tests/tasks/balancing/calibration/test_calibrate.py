"""Calibration: optimality against independent solvers, bands, bounds, priorities, and inputs that are barely any."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, minimize

from storage.errors import InputError
from tasks.balancing.calibration.calibrate import calibrate
from tasks.balancing.calibration.problem import Priority
from tasks.balancing.diagnostics import total_variation
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tests.tasks.balancing.examples import dense, random_matrix

NAN_FREE = ("weight", "inclusion", "column_marginal", "log_scale", "residual", "effective_sample_size", "gap")


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lower": np.array([2.0, 0.0]), "upper": np.array([1.0, 1.0])}, "band of keyword 0"),
        ({"lower": np.array([0.0])}, "2 numbers"),
        ({"bounds": (1.0, 0.5)}, "bounds"),
        ({"initial": np.array([1.0, 0.0])}, "positive"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change: dict, words: str) -> None:
    matrix = incidence_of([[0], [1]], 2)
    arguments = {"lower": np.zeros(2), "upper": np.ones(2), **change}
    with pytest.raises(InputError, match=words):
        calibrate(matrix.indptr, matrix.indices, columns=2, **arguments)


def solved_as_a_program(
    matrix: Incidence, start: np.ndarray, lower: np.ndarray, upper: np.ndarray, prices: tuple[float, float]
) -> np.ndarray:
    """The primal itself by SLSQP, misses as variables of their own: another method on another problem."""
    table, n, m = dense(matrix), matrix.rows, matrix.columns

    def cost(z: np.ndarray) -> float:
        w = z[:n]
        divergence = w * np.log(w / start) - w + start
        return float(divergence.sum() + prices[0] * z[n : n + m].sum() + prices[1] * z[n + m :].sum())

    def slope(z: np.ndarray) -> np.ndarray:
        return np.concatenate([np.log(z[:n] / start), np.full(m, prices[0]), np.full(m, prices[1])])

    identity, zero = np.eye(m), np.zeros((m, m))
    rows = np.block([[table.T, identity, zero], [-table.T, zero, identity]])
    least = np.concatenate([lower, -upper])
    found = minimize(
        cost,
        np.concatenate([np.full(n, 0.5), np.maximum(lower, 1.0), np.full(m, float(n))]),
        jac=slope,
        bounds=[(1e-12, 1.0)] * n + [(0.0, None)] * (2 * m),
        constraints={"type": "ineq", "fun": lambda z: rows @ z - least, "jac": lambda z: rows},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 2000},
    )
    assert found.status in (0, 8)  # 8: no digit is left to descend by
    return np.asarray(found.x[:n])


@pytest.mark.parametrize(("priority", "prices"), [("floors", (16.0, 2.0)), ("nearest", (2.0, 2.0))])
@pytest.mark.parametrize("seed", range(3))
def test_conflicting_bands_are_solved_as_by_another_solver(
    priority: Priority, prices: tuple[float, float], seed: int
) -> None:
    matrix = random_matrix(30, 6, seed)
    start = np.random.default_rng(seed).uniform(0.2, 0.8, size=30)
    goal = np.minimum(matrix.counts, 4.0)
    found = calibrate(
        matrix.indptr,
        matrix.indices,
        columns=6,
        lower=goal,
        upper=1.1 * goal,
        initial=start,
        priority=priority,
        price=2.0,
        tolerance=1e-9,
    )
    assert found.gap is not None and found.gap <= 1e-9 * found.inclusion.sum() and found.infeasible
    expected = solved_as_a_program(matrix, start, goal, 1.1 * goal, prices)
    np.testing.assert_allclose(found.inclusion, expected, atol=2e-5)


@pytest.mark.parametrize("bounds", [(0, 1), [0, 1], np.array([0, 1]), (np.int64(0), np.float32(1)), (False, True)])
def test_numbers_may_be_whole(bounds: tuple[float, float]) -> None:
    matrix = random_matrix(200, 10, 5)
    goal = np.minimum(matrix.counts, 20)
    exact = calibrate(matrix.indptr, matrix.indices, columns=10, lower=goal.astype(float), upper=goal.astype(float))
    found = calibrate(
        matrix.indptr.tolist(),
        matrix.indices.astype(np.int32),
        columns=np.int64(10),
        lower=goal.tolist(),
        upper=goal.astype(np.float32),
        bounds=bounds,
        price=4,
        iterations=np.int64(1000),
    )
    np.testing.assert_array_equal(found.inclusion, exact.inclusion)
    again = calibrate(
        matrix.indptr, matrix.indices, columns=10, lower=goal, upper=goal, initial=[1] * 200, bounds=(0, 2), price=8
    )
    assert again.inclusion.dtype == np.float64 and 0 < again.inclusion.min() < 1


def test_without_an_upper_bound_it_is_the_raking_ratio() -> None:
    """Deville & Särndal 1992, section 2: margins of a two-way table met by w⁰ e^{α + β}, as Deming & Stephan do."""
    generator = np.random.default_rng(4)
    first, second = generator.integers(0, 3, size=90), generator.integers(3, 7, size=90)
    matrix = incidence_of(np.stack([first, second], axis=1).tolist(), 7)
    start = generator.uniform(0.5, 2.0, size=90)
    truth = start * np.exp(generator.normal(size=7)[first] + generator.normal(size=7)[second])
    goal = expected_counts(matrix, truth)
    fitted = start.copy()
    for _ in range(500):
        for side in (first, second):
            sums = np.bincount(side, fitted, minlength=7)
            fitted *= (goal / np.maximum(sums, 1e-300))[side]
    found = calibrate(
        matrix.indptr,
        matrix.indices,
        columns=7,
        lower=goal,
        upper=goal,
        initial=start,
        bounds=(0, np.inf),
        price=20,
        tolerance=1e-10,
    )
    assert found.converged and found.inclusion.max() > 3.0
    np.testing.assert_allclose(found.inclusion, fitted, rtol=1e-6)


def test_an_upper_bound_out_of_reach_is_none() -> None:
    matrix = random_matrix(100, 8, 2)
    goal = np.linspace(1, 40, 8)
    common = {"columns": 8, "lower": goal, "upper": goal, "tolerance": 1e-10, "price": 3.0}
    free = calibrate(matrix.indptr, matrix.indices, bounds=(0, np.inf), **common)
    bounded = calibrate(matrix.indptr, matrix.indices, bounds=(0, 2 * free.inclusion.max()), **common)
    initial = np.full(100, 0.5 * float((2 * goal).sum()) / len(matrix.indices))
    same = calibrate(matrix.indptr, matrix.indices, bounds=(0, np.inf), initial=initial, **common)
    np.testing.assert_allclose(bounded.inclusion, free.inclusion, rtol=1e-5)
    np.testing.assert_allclose(same.inclusion, free.inclusion, rtol=1e-5)


def test_without_an_upper_bound_conflicts_are_named_all_the_same() -> None:
    matrix = incidence_of([[0, 1]] * 5 + [[0]], 3)
    found = calibrate(matrix.indptr, matrix.indices, columns=3, lower=[1, 50, 2], upper=[2, 60, 3], bounds=(0, np.inf))
    assert not found.converged and "bands conflict" in found.reason
    assert [(o.kind, o.columns) for o in found.infeasible] == [("floor", (2,)), ("cap", (0,))]
    assert expected_counts(matrix, found.inclusion)[1] == pytest.approx(50, rel=1e-3)


DEGENERATE: dict[str, tuple[list[list[int]], list[float], list[float]]] = {
    "a keyword without captions": ([[0], [0], [0]], [1, 2], [1, 2]),
    "one caption": ([[0, 1]], [0, 0], [1, 1]),
    "captions without keywords": ([[], [0], [], [0, 1]], [1, 0], [1, 1]),
    "all captions alike": ([[0]] * 50, [7, 0], [7, 0]),
    "contradictory": ([[0, 1]] * 20, [15, 0], [20, 1]),
    "asks for more than there is": ([[0], [1]], [1e9, 1e9], [1e9, 1e9]),
    "asks for what there is": ([[0], [0], [1]], [2, 1], [2, 1]),
    "anything goes": ([[0], [0, 1]], [0, 0], [1e12, 1e12]),
    "next to nothing": ([[0], [0, 1]] * 5, [1e-9, 2e-9], [1e-9, 2e-9]),
    "hundreds of keywords": ([list(range(500))] * 3 + [[0]], [2] * 500, [3] * 500),
    "hundreds of keywords and none wanted": ([list(range(500))] * 3 + [[0]], [1] + [0] * 499, [1] + [0] * 499),
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("bounds", [(0, 1), (0, np.inf), (0.25, 3)])
@pytest.mark.parametrize("priority", ["floors", "nearest"])
def test_barely_a_problem_is_certified_without_nan(name: str, bounds: tuple[float, float], priority: Priority) -> None:
    lists, lower, upper = DEGENERATE[name]
    matrix = incidence_of(lists, len(lower))
    with np.errstate(all="raise", under="ignore"):
        found = calibrate(
            matrix.indptr,
            matrix.indices,
            columns=len(lower),
            lower=lower,
            upper=upper,
            bounds=bounds,
            priority=priority,
            tolerance=1e-6,
        )
    for field in NAN_FREE:
        assert np.isfinite(getattr(found, field)).all(), field
    assert "stopped" not in found.reason and found.gap is not None and 0 <= found.gap <= 1e-6 * found.inclusion.sum()
    counts = expected_counts(matrix, found.inclusion)
    met = (counts >= np.array(lower) * 0.998 - 1e-9) & (counts <= np.array(upper) * 1.002 + 1e-9)
    assert found.converged == (found.infeasible == ()) and (met.all() or not found.converged)


@pytest.mark.parametrize(("rows", "columns"), [(300, 30), (2000, 200), (10_000, 1000)])
@pytest.mark.parametrize("priority", ["floors", "nearest"])
def test_long_tails_of_any_size_are_certified_tightly(rows: int, columns: int, priority: Priority) -> None:
    matrix = random_matrix(rows, columns, 1)
    goal = np.minimum(matrix.counts, 10)
    found = calibrate(
        matrix.indptr, matrix.indices, columns=columns, lower=goal, upper=goal, priority=priority, tolerance=1e-7
    )
    assert found.gap is not None and found.gap <= 1e-7 * found.inclusion.sum() and found.iterations < 1000


@pytest.mark.parametrize("t", [5.0, 10.0, 20.0])
def test_real_titles_are_certified_and_floors_first_keeps_rare_keywords(titles: Incidence, t: float) -> None:
    goal = np.minimum(titles.counts, t)
    shape = {"indptr": titles.indptr, "indices": titles.indices, "columns": titles.columns}
    floors, nearest = (calibrate(**shape, lower=goal, upper=goal, priority=p) for p in ("floors", "nearest"))
    kept, distances = [], []
    for found in (floors, nearest):
        assert found.gap is not None and found.gap <= 1e-4 * found.inclusion.sum() and found.iterations < 600
        counts = np.bincount(titles.indices, np.repeat(found.inclusion, titles.degrees), minlength=titles.columns)
        kept.append(int((counts >= 0.9 * goal).sum()))
        distances.append(total_variation(counts, goal))
    assert kept[0] >= 0.998 * titles.columns and kept[1] < 0.9 * titles.columns
    assert distances[1] < 0.8 * distances[0]


@pytest.mark.parametrize("change", [{"priority": "caps"}, {"price": 0}, {"price": np.inf}, {"tolerance": 0}])
def test_options_that_solve_nothing_are_refused(change: dict) -> None:
    matrix = incidence_of([[0], [1]], 2)
    with pytest.raises(InputError):
        calibrate(matrix.indptr, matrix.indices, columns=2, lower=np.zeros(2), upper=np.ones(2), **change)


@pytest.mark.parametrize(
    ("change", "words"), [({"iterations": 3}, "more iterations"), ({"tolerance": 1e-300}, "larger")]
)
def test_what_is_not_certified_is_not_converged_and_says_what_helps(change: dict, words: str) -> None:
    matrix = random_matrix(300, 30, 7)
    goal = np.minimum(matrix.counts, 12.0)
    found = calibrate(matrix.indptr, matrix.indices, columns=30, lower=goal, upper=1.01 * goal, price=50, **change)
    assert not found.converged and found.reason.startswith("stopped after") and words in found.reason
