"""A calibration made ready for its dual: captions merged by keyword set, prices on the bands, and one solution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.calibration.captions import Captions, Totals
from tasks.balancing.calibration.dual_ascent import Ascent, Bands, Pass, Point, climb
from tasks.balancing.calibration.row_pass import row_pass
from tasks.balancing.diagnostics import keyword_sums, kullback_leibler, normalised
from tasks.balancing.matrix.checks import checked_matrix
from tasks.balancing.matrix.equal_rows import DistinctRows, distinct_rows
from tasks.balancing.result import Step

Priority = Literal["floors", "nearest"]
FLOORS_FIRST = 8.0


@dataclass(frozen=True)
class Options:
    """The knobs of the solver, as `calibrate` explains them."""

    priority: Priority
    price: float
    tolerance: float
    iterations: int

    def __post_init__(self) -> None:
        """Refuse what cannot be solved with."""
        if self.priority not in ("floors", "nearest"):
            raise InputError(f"priority is {self.priority!r}; give 'floors' or 'nearest'")
        if not (0 < self.price < np.inf and self.tolerance > 0 and self.iterations >= 1):
            raise InputError(
                f"price is {self.price}, tolerance {self.tolerance}, iterations {self.iterations}; "
                "all must be positive, and the price finite"
            )

    def bands(self, lower: Floats, upper: Floats, price: float | None = None) -> Bands:
        """Bands `[m]` with the prices of their misses; `price` in place of the options' own."""
        cap_price = float(self.price if price is None else price)
        return Bands(lower, upper, cap_price * (FLOORS_FIRST if self.priority == "floors" else 1.0), cap_price)


@dataclass
class Problem:
    """Captions merged by keyword set, and the solver's state.

    Attributes:
        sets: the g different keyword sets, and the set of each caption.
        mu: `[g]`, captions of each set; 0 for the set without keywords, which no band concerns.
        log_start: `[g]`, log w⁰.
        bounds: smallest and largest weight, the latter possibly infinite.
        columns: number of keywords m.
        lam: `[m]`, λ, kept between solutions.
        passes: passes made by all climbs so far.
    """

    sets: DistinctRows
    mu: Floats
    log_start: Floats
    bounds: tuple[float, float]
    columns: int
    lam: Floats
    passes: int = 0

    def visit(self, reference: Floats, change: Floats, high: float) -> tuple[Floats, Pass]:
        """One pass at λ = reference + change, weights up to `high`: the weights `[g]`, and what the dual needs."""
        weight, counts = np.empty(len(self.mu)), np.empty(self.columns)
        value, expected = row_pass(
            self.sets.indptr,
            self.sets.indices,
            self.mu,
            self.log_start,
            reference,
            change,
            self.bounds[0],
            high,
            weight,
            counts,
        )
        return weight, Pass(value, counts, expected)

    @property
    def matched(self) -> int:
        """Captions with a keyword."""
        return int(self.mu.sum())

    @property
    def matches(self) -> int:
        """Their keywords in all."""
        return int(self.mu @ np.diff(self.sets.indptr))

    def start(self, log_weight: float) -> None:
        """Let every caption start at this log weight."""
        self.log_start[:] = log_weight

    def message(self, reference: Floats, change: Floats, high: float) -> Pass:
        """One pass at λ = reference + change, weights up to `high`."""
        return self.visit(reference, change, high)[1]

    def weights(self, lam: Floats, high: float) -> Floats:
        """The weights `[g]`; 0 for captions without keywords."""
        return np.where(self.mu > 0, self.visit(lam, np.zeros(self.columns), high)[0], 0.0)

    def totals(self, lam: Floats, high: float) -> Totals:
        """One pass for the sums over captions."""
        weight = self.weights(lam, high)
        return Totals(float(self.mu @ weight), float(self.mu @ (weight * weight)), float(weight.max(initial=0.0)))

    def highest(self, bands: Bands) -> float:
        """The largest weight, or where there is none a finite one that no optimum reaches.

        The optimum costs no more than the weights `max(w⁰, a)` do, P nats; so no divergence μ (w log(w/w⁰) − w + w⁰)
        exceeds P, hence w ≤ max(e² w⁰, P), since log(w/w⁰) − 1 ≥ 1 beyond e² w⁰.
        """
        low, high = self.bounds
        if np.isfinite(high):
            return high
        start = np.exp(self.log_start)
        weight = np.maximum(start, low)
        counts = keyword_sums(self.sets.indices, np.repeat(self.mu * weight, np.diff(self.sets.indptr)), self.columns)
        divergence = self.mu @ (weight * np.log(weight / start) - weight + start)
        return 1.01 * max(float(np.e**2 * weight.max(initial=low)), float(divergence) + bands.missed(counts))


@dataclass(frozen=True)
class Solved:
    """One solution of the dual.

    Attributes:
        lam: `[m]`, λ.
        high: the largest weight that was allowed.
        totals: sums over captions.
        counts: `[m]`, expected captions of each keyword.
        gap: duality gap in nats.
        certified: the gap is within the tolerance.
        spent: all passes allowed were made.
        history: distances from the middle of the bands along the climb.
    """

    lam: Floats
    high: float
    totals: Totals
    counts: Floats
    gap: float
    certified: bool
    spent: bool
    history: tuple[Step, ...]


def make_problem(
    indptr: npt.ArrayLike,
    indices: npt.ArrayLike,
    *,
    columns: int,
    initial: npt.ArrayLike | None,
    bounds: Sequence[float],
) -> Problem:
    """Merge equal captions (only if they start equal); without `initial`, w⁰ = 1 waits to be set.

    Raises:
        InputError: malformed matrix, bounds or starting weights.
    """
    offsets, keywords = checked_matrix(indptr, indices, columns)
    limits = np.asarray(bounds, dtype=np.float64)
    if limits.shape != (2,) or not (0.0 <= limits[0] < limits[1]) or not np.isfinite(limits[0]):
        raise InputError(f"bounds are {bounds}; give 0 ≤ lowest < highest weight (the highest may be infinite)")
    rows = len(offsets) - 1
    if initial is None:
        sets = distinct_rows(offsets, keywords)
        log_start = np.zeros(len(sets.multiplicity))
    else:
        start = np.array(initial, dtype=np.float64)
        if start.shape != (rows,) or not np.isfinite(start).all() or bool((start <= 0).any()):
            raise InputError(f"initial needs {rows} positive finite weights, one a caption")
        log_start = np.log(start)
        sets = DistinctRows(offsets, keywords, np.arange(rows), np.ones(rows, dtype=np.int64))
    mu = np.where(np.diff(sets.indptr) > 0, sets.multiplicity, 0).astype(np.float64)
    if not mu.any():
        raise InputError("no caption matches any keyword, so there is nothing to balance; check the keyword list")
    return Problem(sets, mu, log_start, (float(limits[0]), float(limits[1])), columns, np.zeros(columns))


def log_inside(weight: float, bounds: tuple[float, float]) -> float:
    """Log of a starting weight moved between the bounds, and off 0, which no factor could raise."""
    return math.log(np.clip(weight, max(bounds[0], 1e-9 * min(bounds[1], 1.0)), bounds[1]))


def solve_dual(problem: Captions, bands: Bands, options: Options) -> Solved:
    """Climb the dual from the problem's λ until it is certified, or for `options.iterations` passes."""
    high = problem.highest(bands)
    zero = np.zeros(problem.columns)
    at_start = problem.message(zero, zero, high).counts
    unit = np.zeros(problem.columns)
    np.divide(1.0, np.sqrt(np.maximum(at_start, min(1.0, float(at_start.mean())))), out=unit, where=at_start > 0)
    best, ascent = climb(
        lambda reference, change: problem.message(reference, change, high),
        bands,
        problem.lam,
        unit,
        tolerance=options.tolerance,
        most=options.iterations,
    )
    problem.lam = best.lam
    problem.passes += ascent.passes
    history = _history(ascent, best, normalised(0.5 * (bands.lower + bands.upper)))
    return Solved(
        lam=best.lam,
        high=high,
        totals=problem.totals(best.lam, high),
        counts=best.found.counts,
        gap=best.gap,
        certified=best.certified(options.tolerance),
        spent=ascent.passes >= options.iterations,
        history=history,
    )


def _history(ascent: Ascent, best: Point, goal: Floats) -> tuple[Step, ...]:
    """The keywords' distance from the middle of their bands at every tenth pass, and at the best one."""
    steps = []
    for done, counts in [*ascent.record, (ascent.passes, best.found.counts)]:
        shares = normalised(counts)
        steps.append(Step(done, "y", None, None, float(np.abs(shares - goal).sum()), kullback_leibler(goal, shares)))
    return tuple(steps)
