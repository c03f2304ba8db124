"""The old way to solve a calibration, kept to be measured: exact ascent in one λ_j at a time, keyword after keyword.

The same dual as `tasks.balancing.calibration.dual_ascent`. Each step is a Bregman projection: λ_j moves to where the
keyword's count enters its band, or to its price. Every step needs the weights that the step before left, and the rows
of one keyword: it cannot be made in passes over shards of rows.
"""

from __future__ import annotations

import math

import numpy as np

from tasks.arrays import Floats, Int64s
from tasks.balancing.calibration.dual_ascent import Bands
from tasks.balancing.calibration.problem import Options, Problem
from tasks.balancing.diagnostics import keyword_sums
from tasks.balancing.matrix.equal_rows import transpose
from tasks.compiled import compiled

HUGE = 1e280
SWEEPS_PER_CHECK = 10


@compiled
def _count(rows: Int64s, mu: Floats, v: Floats, factor: float, low: float, high: float) -> float:
    total = 0.0
    for i in rows:
        total += mu[i] * min(max(v[i] * factor, low), high)
    return total


@compiled
def _root(
    rows: Int64s, mu: Floats, v: Floats, goal: float, low: float, high: float, left: float, right: float
) -> float:
    """The δ in `[left, right]` with `Σ μ clip(v e^δ, low, high) = goal`: Newton on the current piece, or bisection."""
    if goal >= _count(rows, mu, v, 1.0, high, high) * (1.0 - 1e-13):
        least = np.inf
        for i in rows:
            least = min(least, v[i])
        return min(max(math.log(high / max(least, 1e-300)), left), right)
    delta = min(max(0.0, left), right)
    for _ in range(100):
        factor = math.exp(delta)
        clipped, free = 0.0, 0.0
        for i in rows:
            x = v[i] * factor
            if low < x < high:
                free += mu[i] * x
            else:
                clipped += mu[i] * min(max(x, low), high)
        if abs(clipped + free - goal) <= 1e-13 * goal:
            return delta
        if clipped + free < goal:
            left = delta
        else:
            right = delta
        wanted = goal - clipped
        step = delta + math.log(wanted / free) if free > 0.0 and wanted > 0.0 else np.nan
        delta = step if left < step < right else 0.5 * (left + right)
        if right - left < 1e-14:
            return delta
    return delta


@compiled
def _sweep(
    colptr: Int64s,
    rows_of: Int64s,
    order: Int64s,
    mu: Floats,
    v: Floats,
    lam: Floats,
    lower: Floats,
    upper: Floats,
    floor_price: float,
    cap_price: float,
    low: float,
    high: float,
) -> None:
    """One exact maximisation in each λ_j in turn; updates `lam [m]` and `v = w⁰ e^{Kλ} [g]`."""
    for j in order:
        rows = rows_of[colptr[j] : colptr[j + 1]]
        if rows.shape[0] == 0:
            continue
        old, new = lam[j], 0.0
        at_zero = _count(rows, mu, v, math.exp(-old), low, high)
        if at_zero < lower[j]:
            if _count(rows, mu, v, math.exp(floor_price - old), low, high) <= lower[j] * (1.0 - 1e-13):
                new = floor_price
            else:
                new = old + _root(rows, mu, v, lower[j], low, high, -old, floor_price - old)
        elif at_zero > upper[j]:
            if _count(rows, mu, v, math.exp(-cap_price - old), low, high) >= upper[j]:
                new = -cap_price
            else:
                new = old + _root(rows, mu, v, upper[j], low, high, -cap_price - old, -old)
        if new != old:
            factor = math.exp(new - old)
            for i in rows:
                v[i] = min(v[i] * factor, HUGE)
            lam[j] = new


def coordinate_ascent(problem: Problem, bands: Bands, options: Options) -> tuple[float, bool, int]:
    """Sweep until certified or for `options.iterations` sweeps: the gap, whether it certifies, and the sweeps made."""
    sets, columns = problem.sets, problem.columns
    colptr, rows_of = transpose(sets.indptr, sets.indices, columns)
    order = np.argsort(np.diff(colptr), kind="stable")
    degrees, lam, done = np.diff(sets.indptr), np.zeros(columns), 0
    while True:
        sums = np.bincount(np.repeat(np.arange(len(degrees)), degrees), lam[sets.indices], minlength=len(degrees))
        v = np.exp(np.clip(problem.log_start + sums, -600.0, 600.0))
        weight = np.clip(v, *problem.bounds)
        gap = bands.gap(lam, keyword_sums(sets.indices, np.repeat(weight * problem.mu, degrees), columns))
        certified = gap <= options.tolerance * float(weight @ problem.mu)
        if certified or done >= options.iterations:
            return gap, certified, done
        for _ in range(min(SWEEPS_PER_CHECK, options.iterations - done)):
            prices = bands.floor_price, bands.cap_price
            _sweep(colptr, rows_of, order, problem.mu, v, lam, bands.lower, bands.upper, *prices, *problem.bounds)
            done += 1
