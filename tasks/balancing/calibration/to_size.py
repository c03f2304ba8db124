"""Calibration to a wanted number of captions, and to a wanted effective sample size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.calibration.calibrate import calibrated, with_weights
from tasks.balancing.calibration.captions import Captions
from tasks.balancing.calibration.problem import (
    Options,
    Priority,
    Solved,
    log_inside,
    make_problem,
    solve_dual,
)
from tasks.balancing.matrix.checks import checked_target
from tasks.balancing.result import Balance

NEAR = 1e-3
ROUNDS = 40


def calibrate_to_size(  # noqa: PLR0913  the public face: these names are what a caller chooses
    indptr: npt.ArrayLike,
    indices: npt.ArrayLike,
    *,
    columns: int,
    target: npt.ArrayLike,
    size: float,
    slack: float = 0.0,
    cap: float = 1.0,
    effective_size: float | None = None,
    priority: Priority = "floors",
    price: float = 4.0,
    tolerance: float = 1e-4,
    iterations: int = 2000,
) -> Balance:
    """Calibrate to bands `c·target·(1 ∓ slack)` with the scale `c` at which `size` captions are expected.

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows.
        indices: `[nnz]`, keyword numbers, unique within a caption.
        columns: number of keywords m.
        target: `[m]` shares or counts; only their proportions matter.
        size: expected number of captions (copies included), met to 0.1 %.
        slack: half width of the bands, relative.
        cap: most copies expected of one caption; infinity sets no bound.
        effective_size: Kish size of the weights to keep; the price of a miss is lowered (bisection) until it is
            reached, so the answer lies on the curve of distance against effective size.
        priority: as for `calibrate`.
        price: as for `calibrate`, where no `effective_size` lowers it.
        tolerance: as for `calibrate`.
        iterations: most passes over the captions for each scale and price that is tried; the result's `iterations`
            counts all.

    Returns:
        As `calibrate`; `converged` only if size and effective size are reached as well.

    Raises:
        InputError: a malformed matrix or target, or a size or effective size that cannot be reached.
    """
    problem = make_problem(indptr, indices, columns=columns, initial=None, bounds=(0.0, cap))
    wanted = Wanted(float(size), float(slack), None if effective_size is None else float(effective_size))
    solved, balance = solve_to_size(problem, target, wanted, Options(priority, price, tolerance, iterations))
    return with_weights(problem, solved, balance)


@dataclass(frozen=True)
class Wanted:
    """The expected captions, the half width of the bands, and the effective sample size to keep, if any."""

    size: float
    slack: float = 0.0
    effective_size: float | None = None


def solve_to_size(problem: Captions, target: npt.ArrayLike, wanted: Wanted, options: Options) -> tuple[Solved, Balance]:
    """The solution at the scale that meets the size, and the result without weights; as `calibrate_to_size` explains.

    Raises:
        InputError: as there.
    """
    size, slack, effective_size = wanted.size, wanted.slack, wanted.effective_size
    shares = checked_target(target, problem.columns, "target")
    if not 0 <= slack <= 1:
        raise InputError(f"slack is {slack}; give the half width of the bands as a share of the target, from 0 to 1")
    number, cap = problem.matched, problem.bounds[1]
    if not 0 < size <= cap * number:
        raise InputError(
            f"size is {size:g}, but {number} captions match and may be expected at most {cap:g} times each; "
            f"ask for at most {cap * number:.0f}, or raise the cap"
        )
    if effective_size is not None and not 0 < effective_size <= number:
        raise InputError(f"effective_sample_size is {effective_size:g}; give between 1 and {number} (the matched)")
    problem.start(log_inside(size / number, problem.bounds))
    counts = shares * (problem.matches / float(shares.sum()))
    search = _Search(problem, options, counts, slack, size)
    found = search.scaled(options.price)
    if effective_size is not None and found.effective < effective_size:
        found = search.cheapened(effective_size)
    short = _short(found, size, effective_size)
    return found.solved, calibrated(problem, found.solved, found.lower, found.upper, short)


@dataclass(frozen=True)
class _Scaled:
    """The solution at one price, at the scale that meets the size: its bands `[m]`, size and effective size."""

    solved: Solved
    lower: Floats
    upper: Floats
    expected: float
    effective: float


def _short(found: _Scaled, size: float, effective_size: float | None) -> str:
    """What the search did not reach, in words; empty where it reached everything."""
    if abs(found.expected / size - 1.0) > 2.0 * NEAR:
        return f"{found.expected:.6g} captions are expected instead of {size:g}: no scale of the target brings them"
    if effective_size is not None and found.effective < effective_size * (1.0 - 2.0 * NEAR):
        return f"the effective sample size is {found.effective:.6g} instead of {effective_size:g}"
    return ""


class _Search:
    """Solves for the scale `c` of the bands, each time from the last solution."""

    def __init__(self, problem: Captions, options: Options, target: Floats, slack: float, size: float) -> None:
        self.problem, self.options, self.target, self.slack, self.size = problem, options, target, slack, size
        self.log_scale = float(np.log(size / problem.matched))

    def _solved(self, price: float) -> _Scaled:
        counts = float(np.exp(self.log_scale)) * self.target
        lower, upper = counts * (1.0 - self.slack), counts * (1.0 + self.slack)
        solved = solve_dual(self.problem, self.options.bands(lower, upper, price), self.options)
        return _Scaled(solved, lower, upper, solved.totals.expected, solved.totals.effective_sample_size)

    def scaled(self, price: float) -> _Scaled:
        """The solution at the scale where the size is met to 0.1 %: secant on logs within a bracket."""
        left, right = -np.inf, np.inf
        points: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            point, found = self.log_scale, self._solved(price)
            miss = float(np.log(max(found.expected, 1e-300) / self.size))
            points.append((point, miss))
            left, right = (point, right) if miss < 0 else (left, point)
            if abs(miss) < NEAR or right - left < 1e-9:
                break
            slope = 1.0
            if len(points) > 1 and points[-1][0] != points[-2][0]:
                slope = (points[-1][1] - points[-2][1]) / (points[-1][0] - points[-2][0])
            step = point - miss / slope if slope > 0.05 else np.nan
            if not left < step < right:
                finite = np.isfinite(left) and np.isfinite(right)
                step = 0.5 * (left + right) if finite else point - (2.0 if miss > 0 else -2.0)
            self.log_scale = step
        return found

    def cheapened(self, effective_size: float) -> _Scaled:
        """The solution at the largest price that keeps the effective size: bisection on the log of the price."""
        costly = cheap = self.options.price
        for _ in range(ROUNDS):
            cheap /= 4.0
            found = self.scaled(cheap)
            if found.effective >= effective_size:
                break
        for _ in range(ROUNDS):
            if abs(found.effective / effective_size - 1.0) < NEAR:
                break
            middle = float(np.sqrt(costly * cheap))
            found = self.scaled(middle)
            costly, cheap = (middle, cheap) if found.effective < effective_size else (costly, middle)
        return found
