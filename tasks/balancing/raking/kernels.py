"""Passes over the sparse matrix, compiled. Every kernel releases the GIL and sees one block of rows.

The block is `indptr [rows + 1]`, offsets, and `indices`, its keywords; they need not start at 0.

Potentials are logarithms `b [m]`. A half step on the rows gives caption i the scaling `u_i = P_X(i) / Σ_j e^{b_j}`
(sum over its keywords); `b` is shifted by its maximum so that nothing overflows, and a caption whose keywords all
lie more than e^460 below that maximum is computed apart, by its own maximum. So no input gives NaN.
"""

from __future__ import annotations

import math

import numpy as np

from tasks.arrays import Floats, Integers
from tasks.compiled import compiled

TINY = 1e-200


@compiled
def scale_sums(
    indptr: Integers, indices: Integers, row_target: Floats, potential: Floats, table: Floats, apart: Floats
) -> float:
    """Column sums of the row scalings, `Σ_i K_ij u_i`, in one pass without values.

    Args:
        indptr: `[rows + 1]`, offsets of one block of rows.
        indices: its keywords.
        row_target: `[rows]`, or `[1]` when all rows have the same.
        potential: `[m]`, log scalings of the keywords.
        table: `[m, 2]`; column 0 holds `e^{potential − shift}` (in), column 1 gains `Σ u_i e^{shift}` (out). The two
            lie side by side so that a keyword costs one cache line.
        apart: `[m]`, gains the *masses of matches* of captions computed by their own maximum.

    Returns:
        Target mass of captions that no keyword can carry (all potentials −∞).
    """
    uniform = row_target.shape[0] == 1
    stranded = 0.0
    stop = np.int64(indptr[0])
    for i in range(indptr.shape[0] - 1):
        start = stop
        stop = np.int64(indptr[i + 1])
        if start == stop:
            continue
        target = row_target[0] if uniform else row_target[i]
        total = 0.0
        for k in range(start, stop):
            total += table[indices[k], 0]
        if total > TINY:
            scale = target / total
            for k in range(start, stop):
                table[indices[k], 1] += scale
        elif target > 0.0:
            top = -np.inf
            for k in range(start, stop):
                top = max(top, potential[indices[k]])
            if top == -np.inf:
                stranded += target
                continue
            total = 0.0
            for k in range(start, stop):
                total += math.exp(potential[indices[k]] - top)
            for k in range(start, stop):
                apart[indices[k]] += target * (math.exp(potential[indices[k]] - top) / total)
    return stranded


@compiled
def start_sums(indptr: Integers, indices: Integers, split: bool, mass: float, sums: Floats) -> None:
    """Adds the starting measure's keyword masses to `sums`.

    Args:
        indptr: `[rows + 1]`.
        indices: keywords.
        split: each caption has `mass` and splits it equally over its keywords; else each match has `mass`.
        mass: of one caption, or one match.
        sums: `[m]`, in and out.
    """
    for i in range(indptr.shape[0] - 1):
        degree = np.int64(indptr[i + 1]) - np.int64(indptr[i])
        if degree == 0:
            continue
        share = mass / degree if split else mass
        for k in range(indptr[i], indptr[i + 1]):
            sums[indices[k]] += share


@compiled
def add_rows(indptr: Integers, indices: Integers, values: Floats, sums: Floats) -> None:
    """Adds `values [rows]` to `sums [m]` of each of a row's keywords, row by row; `indptr [rows + 1]`."""
    for i in range(indptr.shape[0] - 1):
        for k in range(indptr[i], indptr[i + 1]):
            sums[indices[k]] += values[i]


@compiled
def log_sums(indptr: Integers, indices: Integers, potential: Floats, values: Floats, shift: float, out: Floats) -> None:
    """Row-wise `out[i] = log Σ_j e^{potential_j}` over the row's keywords; −∞ for an empty row.

    Args:
        indptr: `[rows + 1]`.
        indices: keywords.
        potential: `[m]`.
        values: `[m]`, `e^{potential − shift}`.
        shift: about the largest potential.
        out: `[rows]`, written.
    """
    for i in range(indptr.shape[0] - 1):
        total = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            total += values[indices[k]]
        if total > TINY:
            out[i] = math.log(total) + shift
            continue
        top = -np.inf
        for k in range(indptr[i], indptr[i + 1]):
            top = max(top, potential[indices[k]])
        if top == -np.inf:
            out[i] = -np.inf
            continue
        total = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            total += math.exp(potential[indices[k]] - top)
        out[i] = math.log(total) + top


@compiled
def kept_probability(indptr: Integers, indices: Integers, log_missed: Floats, out: Floats) -> None:
    """Row-wise `out[i] = 1 − Π_j (1 − p_j)` over the row's keywords; 0 for an empty row.

    Args:
        indptr: `[rows + 1]`.
        indices: keywords.
        log_missed: `[m]`, `log(1 − p_j)`, −∞ where p = 1.
        out: `[rows]`, written.
    """
    for i in range(indptr.shape[0] - 1):
        total = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            total += log_missed[indices[k]]
        out[i] = -math.expm1(total)


@compiled
def fitted_potential(log_target: Floats, sums: Floats, current: Floats) -> Floats:
    """The half step on the keywords: `log P_Y(j) − log Σ_i K_ij u_i` `[m]`; unchanged where no mass arrives.

    All three are `[m]`: `log_target` is log P_Y, `sums` the second logarithm, `current` the potentials so far.
    """
    out = np.empty_like(current)
    for j in range(current.shape[0]):
        out[j] = log_target[j] - sums[j] if sums[j] > -np.inf else current[j]
    return out


@compiled
def scatter_two(rank: Integers, a: Floats, b: Floats, out_a: Floats, out_b: Floats) -> None:
    """`out[rank[j]] = value[j]` for two vectors at once; all are `[m]`, and `rank` is a permutation."""
    for j in range(rank.shape[0]):
        out_a[rank[j]] = a[j]
        out_b[rank[j]] = b[j]


@compiled
def open_table(values: Floats, table: Floats, apart: Floats) -> None:
    """Start a pass: `table[:, 0] = values`, `table[:, 1] = 0`, `apart = 0`, for m keywords."""
    for j in range(values.shape[0]):
        table[j, 0] = values[j]
        table[j, 1] = 0.0
        apart[j] = 0.0
