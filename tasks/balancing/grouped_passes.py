"""Passes over a rearranged matrix, one compiled kernel for each length of row."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial

import numpy as np
import numpy.typing as npt
from numba import njit

from tasks.balancing.grouping import Grouped, Part
from tasks.balancing.incidence import Floats
from tasks.balancing.kernels import TINY, scale_sums
from tasks.balancing.mapping import Mapper


@cache
def group_kernel(degree: int) -> Callable[[npt.NDArray[np.uint32], Floats, Floats], float]:
    """The pass over rows of one length, compiled with the length as a constant so that its loops unroll.

    Adds each row's scaling `target / Σ_j table[j, 0]` to `table[j, 1]` of its keywords, and returns the smallest sum
    met: below `TINY` the scalings are not to be trusted.
    """

    @njit(nogil=True, cache=True, error_model="numpy")
    def run(rows: npt.NDArray[np.uint32], target: Floats, table: Floats) -> float:
        least = np.inf
        for i in range(rows.shape[0]):
            total = 0.0
            for k in range(degree):
                total += table[rows[i, k], 0]
            least = min(least, total)
            scale = target[i] / total
            for k in range(degree):
                table[rows[i, k], 1] += scale
        return least

    compiled: Callable[[npt.NDArray[np.uint32], Floats, Floats], float] = run
    return compiled


@cache
def distance_kernel(
    degree: int,
) -> Callable[[npt.NDArray[np.uint32], Floats, Floats, float], tuple[float, float, float]]:
    """As `group_kernel`, for what a row's mass has become: `ratio = e^shift Σ_j table[j, 1] / Σ_j table[j, 0]`.

    Returns `Σ t |ratio − 1|`, `Σ t (ratio − 1 − log ratio)`, and the smallest sum met.
    """

    @njit(nogil=True, cache=True, error_model="numpy")
    def run(rows: npt.NDArray[np.uint32], target: Floats, table: Floats, shift: float) -> tuple[float, float, float]:
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

    compiled: Callable[[npt.NDArray[np.uint32], Floats, Floats, float], tuple[float, float, float]] = run
    return compiled


def grouped_row_distance(
    grouped: Grouped, reference: Floats, current: Floats, mapper: Mapper
) -> tuple[float, float] | None:
    """L1 distance and KL of the row target from the row masses `u_i Σ_j e^{current_j}`, `u` from `reference`.

    Both are potentials `[m]`. None where a sum underflows or the change is too large for linear scale.
    """
    tops = float(reference.max()), float(current.max())
    if not (np.isfinite(tops).all() and abs(tops[1] - tops[0]) < 200.0):
        return None
    table = np.empty((len(reference), 2))
    table[grouped.rank, 0] = np.exp(reference - tops[0])
    table[grouped.rank, 1] = np.exp(current - tops[1])
    shift = float(np.exp(tops[1] - tops[0]))
    held = np.flatnonzero(grouped.singles)
    if len(held) and float(table[held].min()) <= TINY:
        return None
    ratio = shift * table[held, 1] / table[held, 0]
    l1 = float((grouped.singles[held] * np.abs(ratio - 1.0)).sum())
    kl = float((grouped.singles[held] * (ratio - 1.0 - np.log(ratio))).sum())
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


def grouped_sums(grouped: Grouped, values: Floats, mapper: Mapper) -> Floats | None:
    """`Σ_i K_ij u_i` `[m]` for the scalings `values [m] = e^{potential − shift}`, in one pass.

    None where some caption's sum underflows: `kernels.scale_sums` must then do it with care.
    """
    ranked = np.empty_like(values)
    ranked[grouped.rank] = values
    held = np.flatnonzero(grouped.singles)
    if len(held) and float(ranked[held].min()) <= TINY:
        return None
    sums = np.zeros_like(values)
    sums[held] = grouped.singles[held] / ranked[held]
    for part_sums, least in mapper(partial(_part_sums, values=ranked), grouped.parts):
        if least <= TINY:
            return None
        sums += part_sums
    return sums[grouped.rank]


def _part_sums(part: Part, *, values: Floats) -> tuple[Floats, float]:
    table = np.empty((len(values), 2))
    table[:, 0] = values
    table[:, 1] = 0.0
    least = min((group_kernel(held.shape[1])(held, target, table) for held, target in part.groups), default=np.inf)
    if len(part.indptr) > 1:
        with np.errstate(divide="ignore"):
            apart = np.zeros(len(values))
            stranded = scale_sums(part.indptr, part.indices, part.row_target, np.log(values), table, apart)
        if stranded > 0 or bool(apart.any()):
            least = 0.0
    return table[:, 1], least
