"""Passes over a rearranged matrix, one compiled kernel for each length of row."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial

import numpy as np

from tasks.arrays import Floats, Keywords
from tasks.balancing.matrix.mappers import Mapper
from tasks.balancing.raking.grouped_rows import Grouped, Part
from tasks.balancing.raking.kernels import TINY, open_table, scale_sums, scatter_two
from tasks.compiled import compiled

GroupKernel = Callable[[Keywords, Floats, Floats, Floats, Floats], float]
DistanceKernel = Callable[[Keywords, Floats, Floats, float], tuple[float, float, float]]


@cache
def group_kernel(degree: int) -> GroupKernel:
    """`kernels.scale_sums` for rows of one length, compiled with the length as a constant so that its loops unroll.

    The kernel takes rows `[k, d]`, their targets `[k]`, the table `[m, 2]`, and potentials and `apart` `[m]`. It adds
    each row's scaling `target / Σ_j table[j, 0]` to `table[j, 1]` of its keywords; a row whose sum underflows adds the
    masses of its matches to `apart` instead. It returns the target mass of rows without any finite potential.
    """

    @compiled
    def run(rows: Keywords, target: Floats, table: Floats, potential: Floats, apart: Floats) -> float:
        stranded = 0.0
        for i in range(rows.shape[0]):
            total = 0.0
            for k in range(degree):
                total += table[rows[i, k], 0]
            if total > TINY:
                scale = target[i] / total
                for k in range(degree):
                    table[rows[i, k], 1] += scale
            elif target[i] > 0.0:
                top = -np.inf
                for k in range(degree):
                    top = max(top, potential[rows[i, k]])
                if top == -np.inf:
                    stranded += target[i]
                    continue
                total = 0.0
                for k in range(degree):
                    total += math.exp(potential[rows[i, k]] - top)
                for k in range(degree):
                    apart[rows[i, k]] += target[i] * (math.exp(potential[rows[i, k]] - top) / total)
        return stranded

    kernel: GroupKernel = run
    return kernel


@cache
def distance_kernel(degree: int) -> DistanceKernel:
    """As `group_kernel`, for what a row's mass has become: `ratio = e^shift Σ_j table[j, 1] / Σ_j table[j, 0]`.

    The kernel takes rows, targets and table as there, and the factor `e^shift`. It returns `Σ t |ratio − 1|`,
    `Σ t (ratio − 1 − log ratio)`, and the smallest sum met.
    """

    @compiled
    def run(rows: Keywords, target: Floats, table: Floats, shift: float) -> tuple[float, float, float]:
        least, l1, kl = np.inf, 0.0, 0.0
        for i in range(rows.shape[0]):
            before, after = 0.0, 0.0
            for k in range(degree):
                before += table[rows[i, k], 0]
                after += table[rows[i, k], 1]
            least = min(least, before, after)
            ratio = shift * after / before
            l1 += target[i] * abs(ratio - 1.0)
            kl += target[i] * (ratio - 1.0 - math.log(ratio))
        return l1, kl, least

    kernel: DistanceKernel = run
    return kernel


def grouped_row_distance(
    grouped: Grouped, reference: Floats, current: Floats, mapper: Mapper
) -> tuple[float, float] | None:
    """L1 distance and KL of the row target from the row masses `u_i Σ_j e^{current_j}`, `u` from `reference`.

    Args:
        grouped: the matrix.
        reference: `[m]` potentials.
        current: `[m]` potentials.
        mapper: where the parts run.

    Returns:
        `(L1, KL)`, or None where a sum underflows or the change is too large for linear scale.
    """
    tops = float(reference.max()), float(current.max())
    if not (np.isfinite(tops).all() and abs(tops[1] - tops[0]) < 200.0):
        return None
    table = grouped.scratch.tables[0]
    table[grouped.rank, 0] = np.exp(reference - tops[0])
    table[grouped.rank, 1] = np.exp(current - tops[1])
    shift = float(np.exp(tops[1] - tops[0]))
    held = grouped.alone
    if len(held) and float(table[held].min()) <= TINY:
        return None
    ratio = shift * table[held, 1] / table[held, 0]
    l1 = float((grouped.alone_mass * np.abs(ratio - 1.0)).sum())
    kl = float((grouped.alone_mass * (ratio - 1.0 - np.log(ratio))).sum())
    for part_l1, part_kl, least in mapper(partial(_part_distance, table=table, shift=shift), grouped.parts):
        if least <= TINY:
            return None
        l1, kl = l1 + part_l1, kl + part_kl
    return l1, max(kl, 0.0)


def _part_distance(part: Part, *, table: Floats, shift: float) -> tuple[float, float, float]:
    total = [0.0, 0.0, np.inf]
    for held, target in part.groups:
        found = distance_kernel(held.shape[1])(held, target, table, shift)
        total = [total[0] + found[0], total[1] + found[1], min(total[2], found[2])]
    if len(part.indptr) > 1:
        before, after = (np.add.reduceat(table[part.indices, k], part.indptr[:-1]) for k in (0, 1))
        ratio = shift * after / np.maximum(before, TINY)
        target = np.broadcast_to(part.row_target, ratio.shape)
        total[0] += float((target * np.abs(ratio - 1.0)).sum())
        total[1] += float((target * (ratio - 1.0 - np.log(np.maximum(ratio, TINY)))).sum())
        total[2] = min(total[2], float(before.min()), float(after.min()))
    return total[0], total[1], total[2]


def grouped_log_sums(grouped: Grouped, potential: Floats, mapper: Mapper) -> tuple[Floats, float]:
    """One pass: the row scalings made from `potential [m]`, summed over each keyword.

    Returns `log Σ_i K_ij u_i` `[m]` (−∞ for a keyword without mass) and the stranded target mass. Works in the
    matrix's own scratch, so one matrix serves one pass at a time.
    """
    shift = float(potential.max(initial=-np.inf))
    shift = shift if np.isfinite(shift) else 0.0
    scratch, held = grouped.scratch, grouped.alone
    scatter_two(grouped.rank, potential - shift, potential, scratch.values, scratch.heights)
    np.exp(scratch.values, out=scratch.values)
    sums, all_apart = scratch.sums, scratch.apart
    sums[:] = 0.0
    all_apart[:] = 0.0
    values = scratch.values[held]
    below = values <= TINY
    stranded = 0.0
    if bool(below.any()):
        finite = scratch.heights[held] > -np.inf
        all_apart[held] = np.where(below & finite, grouped.alone_mass, 0.0)
        stranded = float(grouped.alone_mass[below & ~finite].sum())
        values[below] = np.inf
    sums[held] = grouped.alone_mass / values
    jobs = list(zip(grouped.parts, scratch.tables, scratch.parts_apart))
    shared = partial(_part_sums, values=scratch.values, potential=scratch.heights)
    for (_, table, apart), part_stranded in zip(jobs, mapper(shared, jobs)):
        sums += table[:, 1]
        all_apart += apart
        stranded += part_stranded
    with np.errstate(divide="ignore"):
        logs = np.log(sums, out=sums)[grouped.rank]
        logs -= shift
        if bool(all_apart.any()):
            place = np.flatnonzero(all_apart[grouped.rank])
            mass = np.log(all_apart[grouped.rank[place]])
            logs[place] = np.logaddexp(logs[place], mass - potential[place])
    return logs, stranded


def _part_sums(job: tuple[Part, Floats, Floats], *, values: Floats, potential: Floats) -> float:
    """One part's sums into its own table; returns its stranded mass."""
    part, table, apart = job
    open_table(values, table, apart)
    stranded = 0.0
    for held, target in part.groups:
        stranded += group_kernel(held.shape[1])(held, target, table, potential, apart)
    if len(part.indptr) > 1:
        stranded += scale_sums(part.indptr, part.indices, part.row_target, potential, table, apart)
    return stranded
