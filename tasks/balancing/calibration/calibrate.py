"""Bounded calibration: caption weights whose *selection* has keyword counts within given bands.

A kept caption brings all its keywords, so what counts is `Kᵀw` of the captions' weights, not the marginal of pair
masses that raking sets. Generalised raking (Deville & Särndal 1992) with bounded weights; a band that cannot be met is
priced instead of refused, so there always is an answer, and the keywords that miss are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.calibration.captions import Captions
from tasks.balancing.calibration.problem import (
    Options,
    Priority,
    Problem,
    Solved,
    log_inside,
    make_problem,
    solve_dual,
)
from tasks.balancing.diagnostics import normalised
from tasks.balancing.matrix.checks import checked_bands
from tasks.balancing.result import Balance, Blocking

MISSED = 1e-3


def calibrate(  # noqa: PLR0913  the public face: these names are what a caller chooses
    indptr: npt.ArrayLike,
    indices: npt.ArrayLike,
    *,
    columns: int,
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    initial: npt.ArrayLike | None = None,
    bounds: Sequence[float] = (0.0, 1.0),
    priority: Priority = "floors",
    price: float = 4.0,
    tolerance: float = 1e-4,
    iterations: int = 2000,
) -> Balance:
    """Caption weights with expected keyword counts `Kᵀw` in `[lower, upper]`, nearest in KL to `initial`.

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows.
        indices: `[nnz]`, keyword numbers, unique within a caption.
        columns: number of keywords m.
        lower: `[m]`, floors of the bands, in expected captions (a selection's counts, not shares).
        upper: `[m]`, caps of the bands.
        initial: `[n]` starting weights w⁰ > 0, or None for equal ones that bring as many matches as the bands ask for.
        bounds: smallest and largest weight. (0, 1) makes weights inclusion probabilities; (0, inf) is Deville and
            Särndal's raking ratio.
        priority: what gives way where bands conflict, because a caption of a rare keyword brings common ones along.
            "floors" pays 8 times more for a missed floor than for a broken cap: rare keywords keep their captions, and
            common ones stay above their caps. "nearest" pays alike, for the smallest total miss: nearer to the target,
            at the cost of rare keywords. Measured on 8,362 real titles with 2,014 keywords, capped at t = 10: total
            variation 0.166 and 0.089, effective sample size 6,163 and 5,916 of 5,851 and 5,309 captions, floors missed
            by 0.1 % none and 941, by half none and 53; seven keywords all but vanish under "nearest".
        price: nats of divergence worth paying to bring a keyword one expected caption nearer to its band; a small
            price keeps weights equal, hence the effective sample size, a large one meets the bands.
        tolerance: stop when the duality gap is at most this many nats per expected caption.
        iterations: most passes over the captions.

    Returns:
        A `Balance`: `inclusion` holds the weights as expected copies, `weight` the same with mean 1. `converged` only
        if the optimum is certified by the gap *and* every band is met to 0.1 %; `infeasible` names those that are
        not. `log_scale` is λ; `residual` the total miss over the total of the targets; `iterations` the passes made
        (two more scale the problem and read the weights).

    Raises:
        InputError: malformed matrix, bands, bounds, starting weights or options.

    Example:
        >>> import numpy as np
        >>> from equipoise import calibrate
        >>> indptr, indices = np.array([0, 1, 2, 3, 4]), np.array([0, 0, 0, 1])  # three captions of cats, one of a dog
        >>> balance = calibrate(indptr, indices, columns=2, lower=[1, 1], upper=[1, 1])
        >>> balance.inclusion.round(3).tolist(), balance.converged
        ([0.333, 0.333, 0.333, 1.0], True)
    """
    low, high = checked_bands(lower, upper, columns)
    options = Options(priority, price, tolerance, iterations)
    problem = make_problem(indptr, indices, columns=columns, initial=initial, bounds=bounds)
    if initial is None:
        problem.start(log_inside(0.5 * float((low + high).sum()) / problem.matches, problem.bounds))
    solved = solve_dual(problem, options.bands(low, high), options)
    return with_weights(problem, solved, calibrated(problem, solved, low, high))


def with_weights(problem: Problem, solved: Solved, balance: Balance) -> Balance:
    """The result with the weights of all captions."""
    inclusion = problem.weights(solved.lam, solved.high)[problem.sets.member]
    mean = solved.totals.expected / problem.matched
    return replace(balance, weight=inclusion / mean, inclusion=inclusion)


def calibrated(problem: Captions, solved: Solved, lower: Floats, upper: Floats, short: str = "") -> Balance:
    """The result without weights, every band checked against the counts; `short` says what else was not reached."""
    if solved.totals.expected <= 0:
        raise InputError("calibration left no caption any weight; check the bands and the keyword list")
    missed = np.maximum(lower - solved.counts, 0.0) + np.maximum(solved.counts - upper, 0.0)
    residual = float(missed.sum()) / max(float(0.5 * (lower + upper).sum()), 1e-300)
    found = _missed(solved.counts, lower, upper)
    size = solved.totals.effective_sample_size
    floors = sum(obstacle.kind == "floor" for obstacle in found)
    if not solved.certified:
        advice = "allow more iterations" if solved.spent else "rounding hides the rest; allow a larger tolerance"
        reason = f"stopped after {problem.passes} passes with a duality gap of {solved.gap:.3g} nats; {advice}"
    elif short:
        reason = f"optimal (duality gap {solved.gap:.3g} nats), but {short}"
    elif found:
        reason = (
            f"optimal (duality gap {solved.gap:.3g} nats), but the bands conflict: {floors} floors and "
            f"{len(found) - floors} caps are missed, first of all: {found[0].sentence()}"
        )
    else:
        reason = f"every band is met (duality gap {solved.gap:.3g} nats)"
    return Balance(
        weight=np.zeros(0),
        inclusion=None,
        column_marginal=normalised(solved.counts),
        log_scale=problem.lam.copy(),
        converged=solved.certified and not found and not short,
        residual=residual,
        row_residual=0.0,
        column_residual=residual,
        iterations=problem.passes,
        reason=reason,
        effective_sample_size=size,
        design_effect=problem.matched / size,
        history=solved.history,
        infeasible=found,
        unit="pairs",
        gap=solved.gap,
    )


def _missed(counts: Floats, lower: Floats, upper: Floats) -> tuple[Blocking, ...]:
    """Bands missed by more than 0.1 % (and 0.001 captions where bands are that large): floors first, largest first."""
    slack = MISSED * np.maximum(upper, min(1.0, float(upper.mean())))
    below, above = lower - counts, counts - upper
    floors = [j for j in np.argsort(-below, kind="stable") if below[j] > slack[j]]
    caps = [j for j in np.argsort(-above, kind="stable") if above[j] > slack[j]]
    return tuple(
        [Blocking("floor", (int(j),), float(counts[j]), float(lower[j])) for j in floors]
        + [Blocking("cap", (int(j),), float(counts[j]), float(upper[j])) for j in caps]
    )
