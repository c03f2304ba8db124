"""Calibration to a wanted number of captions, and to a wanted effective sample size."""

from __future__ import annotations

import numpy as np

from storage.errors import InputError
from tasks.balancing.calibration.calibrate import (
    FLOORS_FIRST,
    Priority,
    Problem,
    Solved,
    calibrated,
    make_problem,
    solve_dual,
)
from tasks.balancing.diagnostics import effective_sample_size
from tasks.balancing.matrix.incidence import Floats, Integers
from tasks.balancing.result import Balance

NEAR = 1e-3
ROUNDS = 40


def calibrate_to_size(
    indptr: Integers,
    indices: Integers,
    *,
    columns: int,
    target: Floats,
    size: float,
    slack: float = 0.0,
    cap: float = 1.0,
    effective_size: float | None = None,
    priority: Priority = "floors",
    price: float = 4.0,
    tolerance: float = 1e-4,
    iterations: int = 500,
) -> Balance:
    """Calibrate to bands `c·target·(1 ∓ slack)` with the scale `c` at which `size` captions are expected.

    Args:
        indptr, indices, columns: the matrix.
        target: `[m]` shares or counts; only their proportions matter.
        size: expected number of captions (copies included), met to 0.1 %.
        slack: half width of the bands, relative.
        cap: most copies expected of one caption.
        effective_size: Kish size of the weights to keep; the price of a miss is lowered (bisection) until it is
            reached, so the answer lies on the curve of distance against effective size.
        priority, price, tolerance, iterations: as for `calibrate`.

    Raises:
        InputError: a size or effective size that cannot be reached.
    """
    problem = make_problem(indptr, indices, columns=columns, initial=None, bounds=(0.0, cap))
    matched = np.diff(problem.sets.indptr) > 0
    number = float(problem.mu[matched].sum())
    if not 0 < size <= cap * number:
        raise InputError(
            f"size is {size:g}, but {number:.0f} captions match and may be expected at most {cap:g} times each; "
            f"ask for at most {cap * number:.0f}, or raise the cap"
        )
    if effective_size is not None and not 0 < effective_size <= number:
        raise InputError(f"effective_sample_size is {effective_size:g}; give between 1 and {number:.0f} (the matched)")
    problem.start = np.full(len(problem.mu), min(cap, size / number))
    target = np.asarray(target, dtype=np.float64) * (float(problem.mu @ np.diff(problem.sets.indptr)) / target.sum())
    search = _Search(problem, matched, target, slack, size, priority, tolerance, iterations)
    solved, lower, upper = search.scaled(price)
    if effective_size is not None and search.effective(solved) < effective_size:
        dear, cheap = price, price
        for _ in range(ROUNDS):
            cheap /= 4.0
            solved, lower, upper = search.scaled(cheap)
            if search.effective(solved) >= effective_size:
                break
        for _ in range(ROUNDS):
            middle = float(np.sqrt(dear * cheap))
            solved, lower, upper = search.scaled(middle)
            reached = search.effective(solved)
            if abs(reached / effective_size - 1) < NEAR:
                break
            dear, cheap = (middle, cheap) if reached < effective_size else (dear, middle)
    return calibrated(problem, solved, lower, upper)


class _Search:
    """Solves for the scale `c` of the bands, each time from the last solution."""

    def __init__(
        self,
        problem: Problem,
        matched: np.ndarray,
        target: Floats,
        slack: float,
        size: float,
        priority: Priority,
        tolerance: float,
        iterations: int,
    ) -> None:
        self.problem, self.matched, self.target, self.slack = problem, matched, target, slack
        self.size, self.tolerance, self.iterations = size, tolerance, iterations
        self.floor_factor = FLOORS_FIRST if priority == "floors" else 1.0
        self.log_scale = float(np.log(size / float(problem.mu[matched].sum())))

    def effective(self, solved: Solved) -> float:
        """Kish size of the captions' weights."""
        weight = np.repeat(solved.weight[self.matched], self.problem.sets.multiplicity[self.matched])
        return effective_sample_size(weight)

    def _expected(self, solved: Solved) -> float:
        return float((solved.weight * self.problem.mu)[self.matched].sum())

    def _solve(self, log_scale: float, price: float) -> tuple[Solved, Floats, Floats]:
        bands = float(np.exp(log_scale)) * self.target
        lower, upper = bands * (1 - self.slack), bands * (1 + self.slack)
        solved = solve_dual(
            self.problem,
            lower,
            upper,
            floor_price=price * self.floor_factor,
            cap_price=price,
            tolerance=self.tolerance,
            iterations=self.iterations,
        )
        return solved, lower, upper

    def scaled(self, price: float) -> tuple[Solved, Floats, Floats]:
        """The solution at the scale where the size is met to 0.1 %: secant on logs within a bracket."""
        point = self.log_scale
        left, right = -np.inf, np.inf
        points: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            solved, lower, upper = self._solve(point, price)
            miss = float(np.log(self._expected(solved) / self.size))
            points.append((point, miss))
            if abs(miss) < NEAR:
                break
            left, right = (point, right) if miss < 0 else (left, point)
            if right - left < 1e-9:
                break
            slope = 1.0
            if len(points) > 1 and points[-1][0] != points[-2][0]:
                slope = (points[-1][1] - points[-2][1]) / (points[-1][0] - points[-2][0])
            step = point - miss / slope if slope > 0.05 else np.nan
            if not left < step < right:
                finite = np.isfinite(left) and np.isfinite(right)
                step = 0.5 * (left + right) if finite else point - (2.0 if miss > 0 else -2.0)
            point = step
        self.log_scale = point
        return solved, lower, upper
