"""Bounded calibration: caption weights whose *selection* has keyword counts within given bands.

A kept caption brings all its keywords, so what counts is `Kᵀw` of the captions' weights, not the marginal of pair
masses that raking sets. Generalised raking (Deville & Särndal 1992) with bounded weights; a band that cannot be met is
priced instead of refused, so there always is an answer, and the keywords that miss are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from storage.errors import InputError
from tasks.balancing.calibration.dual_ascent import dual_sweep, duality_gap, unclipped
from tasks.balancing.diagnostics import effective_sample_size, keyword_sums, kullback_leibler, normalised
from tasks.balancing.matrix.checks import checked_bands
from tasks.balancing.matrix.equal_rows import DistinctRows, distinct_rows, transpose
from tasks.balancing.matrix.incidence import Floats, Integers, check_rows
from tasks.balancing.result import Balance, Blocking, Step

Priority = Literal["floors", "nearest"]
FLOORS_FIRST = 8.0
SWEEPS_PER_CHECK = 10
MISSED = 1e-3


@dataclass
class Problem:
    """Captions merged by keyword set, in rows and columns, with the solver's state λ `[m]` kept between calls.

    `start [g]` is w⁰, `bounds` the smallest and largest weight.
    """

    sets: DistinctRows
    colptr: Integers
    rows_of: Integers
    order: Integers
    mu: Floats
    start: Floats
    bounds: tuple[float, float]
    columns: int
    lam: Floats

    def weights(self) -> Floats:
        """`clip(w⁰ e^{Kλ})` of each set `[g]`."""
        return np.clip(unclipped(self.sets.indptr, self.sets.indices, self.start, self.lam), *self.bounds)

    def counts(self, weight: Floats) -> Floats:
        """Expected count of each keyword `[m]`."""
        per_match = np.repeat(weight * self.mu, np.diff(self.sets.indptr))
        return keyword_sums(self.sets.indices, per_match, self.columns)


@dataclass(frozen=True)
class Solved:
    """One solution of the dual: weights and counts of the sets, the gap that certifies them, and the sweeps made."""

    weight: Floats
    counts: Floats
    gap: float
    sweeps: int
    certified: bool
    history: tuple[Step, ...]


def make_problem(
    indptr: Integers, indices: Integers, *, columns: int, initial: Floats | None, bounds: tuple[float, float]
) -> Problem:
    """Merge equal captions (only if they start equal) and transpose.

    Raises:
        InputError: malformed matrix, bounds or starting weights.
    """
    check_rows(indptr, indices, columns)
    low, high = bounds
    if not (0.0 <= low < high < np.inf):
        raise InputError(f"bounds are {bounds}; give 0 ≤ lowest < highest weight")
    keywords = np.ascontiguousarray(indices, dtype=np.uint32)
    offsets = np.ascontiguousarray(indptr, dtype=np.int64)
    rows = len(offsets) - 1
    if initial is None:
        sets = distinct_rows(offsets, keywords)
        start = np.full(len(sets.multiplicity), high)
    else:
        start = np.asarray(initial, dtype=np.float64)
        if start.shape != (rows,) or not np.isfinite(start).all() or bool((start <= 0).any()):
            raise InputError(f"initial needs {rows} positive finite weights, one a caption")
        sets = DistinctRows(offsets, keywords, np.arange(rows), np.ones(rows, dtype=np.int64))
    colptr, rows_of = transpose(sets.indptr, sets.indices, columns)
    order = np.argsort(np.diff(colptr), kind="stable")
    mu = sets.multiplicity.astype(np.float64)
    return Problem(sets, colptr, rows_of, order, mu, start, bounds, columns, np.zeros(columns))


def solve_dual(
    problem: Problem,
    lower: Floats,
    upper: Floats,
    *,
    floor_price: float,
    cap_price: float,
    tolerance: float,
    iterations: int,
) -> Solved:
    """Sweep until the duality gap is at most `tolerance` nats per expected caption, from the problem's λ onwards."""
    problem.lam = np.clip(problem.lam, -cap_price, floor_price)
    goal = normalised(0.5 * (lower + upper))
    history: list[Step] = []
    done, gap, certified = 0, np.inf, False
    weight = problem.weights()
    while True:
        counts = problem.counts(weight)
        gap = duality_gap(counts, problem.lam, lower, upper, floor_price, cap_price)
        shares = normalised(counts)
        history.append(Step(done, "y", None, None, float(np.abs(shares - goal).sum()), kullback_leibler(goal, shares)))
        certified = gap <= tolerance * max(1.0, float((weight * problem.mu).sum()))
        if certified or done >= iterations:
            return Solved(weight, counts, gap, done, certified, tuple(history))
        v = unclipped(problem.sets.indptr, problem.sets.indices, problem.start, problem.lam)
        for _ in range(min(SWEEPS_PER_CHECK, iterations - done)):
            dual_sweep(
                problem.colptr,
                problem.rows_of,
                problem.order,
                problem.mu,
                v,
                problem.lam,
                lower,
                upper,
                floor_price,
                cap_price,
                *problem.bounds,
            )
            done += 1
        weight = problem.weights()


def calibrate(
    indptr: Integers,
    indices: Integers,
    *,
    columns: int,
    lower: Floats,
    upper: Floats,
    initial: Floats | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
    priority: Priority = "floors",
    price: float = 4.0,
    tolerance: float = 1e-4,
    iterations: int = 500,
) -> Balance:
    """Caption weights with expected keyword counts `Kᵀw` in `[lower, upper]`, nearest in KL to `initial`.

    Args:
        indptr, indices: `[n + 1]`, `[nnz]`, the matrix in compressed rows.
        columns: number of keywords m.
        lower, upper: `[m]` bands, in expected captions (a selection's counts, not shares).
        initial: `[n]` starting weights w⁰ > 0, or None for equal ones that bring as many matches as the bands ask for.
        bounds: smallest and largest weight; (0, 1) makes weights inclusion probabilities.
        priority: where bands conflict, "floors" pays 8 times more for a missed floor than for a broken cap, so rare
            keywords come first; "nearest" pays alike, for the smallest total miss.
        price: nats of divergence worth paying to bring a keyword one expected caption nearer to its band; a small
            price keeps weights equal, hence the effective sample size, a large one meets the bands.
        tolerance: stop when the duality gap is at most this many nats per expected caption.
        iterations: most sweeps over all keywords.

    Returns:
        A `Balance`: `inclusion` holds the weights as expected copies, `weight` the same with mean 1. `converged` only
        if the optimum is certified by the gap *and* every band is met to 0.1 %; `infeasible` names those that are
        not. `log_scale` is λ; `residual` the total miss over the total of the targets.

    Raises:
        InputError: malformed matrix, bands, bounds or starting weights.
    """
    lower, upper = checked_bands(lower, upper, columns)
    problem = make_problem(indptr, indices, columns=columns, initial=initial, bounds=bounds)
    if initial is None:
        problem.start[:] = np.clip(0.5 * float((lower + upper).sum()) / max(1, len(indices)), *_inside(bounds))
    floor_price = price * (FLOORS_FIRST if priority == "floors" else 1.0)
    solved = solve_dual(
        problem, lower, upper, floor_price=floor_price, cap_price=price, tolerance=tolerance, iterations=iterations
    )
    return calibrated(problem, solved, lower, upper)


def _inside(bounds: tuple[float, float]) -> tuple[float, float]:
    """Bounds for a starting weight, which must be positive."""
    return max(bounds[0], 1e-9 * bounds[1]), bounds[1]


def calibrated(problem: Problem, solved: Solved, lower: Floats, upper: Floats) -> Balance:
    """The result of a solution, with every band checked against the counts."""
    matched = np.diff(problem.sets.indptr)[problem.sets.member] > 0
    inclusion = np.where(matched, solved.weight[problem.sets.member], 0.0)
    expected, number = float(inclusion.sum()), int(matched.sum())
    if number == 0 or expected <= 0:
        raise InputError("calibration left no caption any weight; check the bands and the keyword list")
    missed = np.maximum(lower - solved.counts, 0.0) + np.maximum(solved.counts - upper, 0.0)
    residual = float(missed.sum()) / max(float(0.5 * (lower + upper).sum()), 1e-300)
    found = _missed(solved.counts, lower, upper)
    size = effective_sample_size(inclusion)
    floors = sum(obstacle.kind == "floor" for obstacle in found)
    if not solved.certified:
        reason = (
            f"stopped after {solved.sweeps} sweeps with a duality gap of {solved.gap:.3g} nats; allow more iterations"
        )
    elif found:
        reason = (
            f"optimal (duality gap {solved.gap:.3g} nats), but the bands conflict: {floors} floors and "
            f"{len(found) - floors} caps are missed, first of all: {found[0].sentence()}"
        )
    else:
        reason = f"every band is met (duality gap {solved.gap:.3g} nats)"
    return Balance(
        weight=inclusion * (number / expected),
        inclusion=inclusion,
        column_marginal=normalised(solved.counts),
        log_scale=problem.lam.copy(),
        converged=solved.certified and not found,
        residual=residual,
        row_residual=0.0,
        column_residual=residual,
        iterations=solved.sweeps,
        reason=reason,
        effective_sample_size=size,
        design_effect=number / size,
        history=solved.history,
        infeasible=found,
        unit="pairs",
        gap=solved.gap,
    )


def _missed(counts: Floats, lower: Floats, upper: Floats) -> tuple[Blocking, ...]:
    """Bands missed by more than 0.1 % (and 0.001 captions): floors first, the largest miss first."""
    slack = np.maximum(MISSED, MISSED * upper)
    below, above = lower - counts, counts - upper
    floors = [j for j in np.argsort(-below, kind="stable") if below[j] > slack[j]]
    caps = [j for j in np.argsort(-above, kind="stable") if above[j] > slack[j]]
    return tuple(
        [Blocking("floor", (int(j),), float(counts[j]), float(lower[j])) for j in floors]
        + [Blocking("cap", (int(j),), float(counts[j]), float(upper[j])) for j in caps]
    )
