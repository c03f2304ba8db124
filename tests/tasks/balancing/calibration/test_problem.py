"""A problem is the captions merged, bounded and started; its solutions go on from one another."""

from __future__ import annotations

import numpy as np
import pytest

from storage.errors import InputError
from tasks.balancing.calibration.problem import Options, log_inside, make_problem, solve_dual
from tests.tasks.balancing.examples import random_matrix

OPTIONS = Options("floors", 4.0, 1e-6, 1000)


def test_captions_are_merged_only_where_they_start_equal() -> None:
    offsets, keywords = [0, 1, 3, 4, 4], [0, 0, 1, 0]
    merged = make_problem(offsets, keywords, columns=2, initial=None, bounds=(0, 1))
    assert sorted(merged.mu.tolist()) == [0.0, 1.0, 2.0] and merged.sets.member[0] == merged.sets.member[2]
    apart = make_problem(offsets, keywords, columns=2, initial=[1, 2, 3, 4], bounds=(0, 1))
    assert apart.mu.tolist() == [1.0, 1.0, 1.0, 0.0]
    np.testing.assert_allclose(np.exp(apart.log_start), [1, 2, 3, 4])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("low", [0.0, 0.5])
def test_no_weight_reaches_the_bound_that_stands_for_none(seed: int, low: float) -> None:
    matrix = random_matrix(60, 8, seed)
    goal = np.random.default_rng(seed).uniform(0, 3, size=8) * matrix.counts
    problem = make_problem(matrix.indptr, matrix.indices, columns=8, initial=None, bounds=(low, np.inf))
    bands = OPTIONS.bands(goal, goal)
    high = problem.highest(bands)
    solved = solve_dual(problem, bands, OPTIONS)
    weight = problem.weights(solved.lam, solved.high)
    assert solved.certified and np.isfinite(high) and low <= weight.min() and weight.max() < 0.99 * high
    assert solved.totals.largest == weight.max() and solved.totals.expected == pytest.approx(problem.mu @ weight)


def test_the_next_solution_begins_at_the_last() -> None:
    matrix = random_matrix(300, 30, 1)
    goal = np.minimum(matrix.counts, 8.0)
    problem = make_problem(matrix.indptr, matrix.indices, columns=30, initial=None, bounds=(0, 1))
    problem.log_start[:] = log_inside(0.3, problem.bounds)
    solve_dual(problem, OPTIONS.bands(goal, goal), OPTIONS)
    first = problem.passes
    again = solve_dual(problem, OPTIONS.bands(goal, goal), OPTIONS)
    assert again.certified and problem.passes == first + 1


def test_a_start_is_positive_and_between_the_bounds() -> None:
    starts = [log_inside(weight, (0.0, np.inf)) for weight in (0.0, 1e-30, 0.3, 1e9)]
    np.testing.assert_allclose(np.exp(starts), [1e-9, 1e-9, 0.3, 1e9])
    assert np.exp(log_inside(5.0, (0.5, 2.0))) == pytest.approx(2.0)


@pytest.mark.parametrize("bounds", [(0, 0), (-1, 1), (np.inf, np.inf), (0, np.nan), (1,), (0, 1, 2)])
def test_bounds_that_bound_nothing_are_refused(bounds: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="bounds"):
        make_problem([0, 1], [0], columns=1, initial=None, bounds=bounds)
