"""The map–reduce step of raking: one pass over blocks of rows, whose only message is one vector per keyword.

The mapper is `map`, a thread pool or a Ray cluster, because the mapped functions take and return plain arrays and hold
no state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tasks.arrays import Floats
from tasks.balancing.diagnostics import kullback_leibler
from tasks.balancing.matrix.mappers import Mapper
from tasks.balancing.raking.blocks import Source
from tasks.balancing.raking.grouped_passes import grouped_log_sums, grouped_row_distance
from tasks.balancing.raking.grouped_rows import Grouped
from tasks.balancing.raking.kernels import log_sums, scale_sums, start_sums
from tasks.balancing.result import Unit


@dataclass(frozen=True)
class Sums:
    """A block's message: `e^shift Σ_i K_ij u_i` `[m]`, pair masses summed apart `[m]` or None, and stranded mass."""

    scales: Floats
    apart: Floats | None
    stranded: float


@dataclass(frozen=True)
class Start:
    """The starting measure, where it was counted before: sums `[m]` over keywords, and the rows' distance.

    Attributes:
        sums: `[m]`, keyword masses.
        distance: L1 distance and KL of the row target from the row masses.
    """

    sums: Floats
    distance: tuple[float, float]


@dataclass(frozen=True)
class RowFigures:
    """Sums over rows, their masses beside their targets.

    Attributes:
        l1: `Σ |target − mass|`.
        kl: KL of the target from the masses.
        total: `Σ mass`.
        squares: `Σ (mass · rows)²`, in units of an equal share, so that it does not underflow.
    """

    l1: float
    kl: float
    total: float
    squares: float


def _start(source: Source, *, columns: int, unit: Unit, mass: float) -> Sums:
    block = source.load()
    sums = np.zeros(columns)
    start_sums(block.indptr, block.indices, unit == "rows", mass, sums)
    return Sums(sums, None, 0.0)


def _scale(source: Source, *, potential: Floats, values: Floats) -> Sums:
    block = source.load()
    table = np.empty((len(potential), 2))
    table[:, 0] = values
    table[:, 1] = 0.0
    apart = np.zeros(len(potential))
    stranded = scale_sums(block.indptr, block.indices, block.row_target, potential, table, apart)
    return Sums(table[:, 1], apart if bool(apart.any()) else None, float(stranded))


def _reduce(messages: Iterable[Sums], columns: int) -> Sums:
    """Adds messages in the order of the blocks."""
    scales, apart, stranded = np.zeros(columns), None, 0.0
    for message in messages:
        scales += message.scales
        stranded += message.stranded
        if message.apart is not None:
            apart = message.apart.copy() if apart is None else apart + message.apart
    return Sums(scales, apart, stranded)


def exponentials(potential: Floats) -> tuple[Floats, float]:
    """`(e^{potential − shift}, shift)` with the largest finite potential as the shift."""
    shift = float(potential.max(initial=-np.inf))
    shift = shift if np.isfinite(shift) else 0.0
    return np.exp(potential - shift), shift


@dataclass(frozen=True)
class Rows:
    """All captions, in blocks, with the starting measure.

    Attributes:
        sources: the blocks.
        columns: number of keywords m.
        unit: "rows" starts from equal captions that split their mass over their keywords, "pairs" from equal matches.
        mass: one caption's, or one match's.
        mapper: where passes run.
        grouped: the same captions rearranged for many passes.
        start: the starting measure, where a pass before these counted it.
    """

    sources: Sequence[Source]
    columns: int
    unit: Unit
    mass: float
    mapper: Mapper
    grouped: Grouped | None = None
    start: Start | None = None

    def log_scale_sums(self, reference: Floats | None) -> tuple[Floats, float]:
        """`log Σ_i K_ij u_i` `[m]` (−∞ for an empty keyword) and the stranded target mass.

        `u` are the row scalings that a half step on the rows makes from the potentials `reference`, or the starting
        measure's for None.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            if reference is None and self.start is not None:
                return np.log(self.start.sums), 0.0
            if reference is None:
                start = partial(_start, columns=self.columns, unit=self.unit, mass=self.mass)
                return np.log(_reduce(self.mapper(start, self.sources), self.columns).scales), 0.0
            if self.grouped is not None:
                return grouped_log_sums(self.grouped, reference, self.mapper)
            values, shift = exponentials(reference)
            work = partial(_scale, potential=reference, values=values)
            total = _reduce(self.mapper(work, self.sources), self.columns)
            logs = np.log(total.scales) - shift
            if total.apart is not None:
                held = np.flatnonzero(total.apart)
                logs[held] = np.logaddexp(logs[held], np.log(total.apart[held]) - reference[held])
            return logs, total.stranded

    def row_distance(self, reference: Floats | None, current: Floats) -> tuple[float, float]:
        """L1 distance and KL of the row target from the row masses."""
        if self.grouped is not None and reference is not None:
            found = grouped_row_distance(self.grouped, reference, current, self.mapper)
            if found is not None:
                return found
        l1 = kl = 0.0
        for mass, target in self.row_masses(reference, current):
            l1 += float(np.abs(target - mass).sum())
            kl += kullback_leibler(target, mass)
        return l1, kl

    def start_distance(self) -> tuple[float, float]:
        """`row_distance` of the starting measure."""
        return self.row_distance(None, np.zeros(self.columns)) if self.start is None else self.start.distance

    def row_figures(self, reference: Floats | None, current: Floats, matched: int) -> RowFigures:
        """Sums over all rows, of which `matched` hold a keyword, in one pass."""
        work = partial(
            _row_figures, reference=reference, current=current, unit=self.unit, mass=self.mass, matched=matched
        )
        l1 = kl = total = squares = 0.0
        for part in self.mapper(work, self.sources):
            l1, kl, total, squares = l1 + part.l1, kl + part.kl, total + part.total, squares + part.squares
        return RowFigures(l1, kl, total, squares)

    def row_masses(self, reference: Floats | None, current: Floats) -> Iterator[tuple[Floats, Floats]]:
        """`(row mass, row target)` of each block in order.

        Row scalings are made from the potentials `reference`, keyword scalings from `current`.
        """
        work = partial(block_row_mass, reference=reference, current=current, unit=self.unit, mass=self.mass)
        yield from self.mapper(work, self.sources)


def _row_figures(
    source: Source, *, reference: Floats | None, current: Floats, unit: Unit, mass: float, matched: int
) -> RowFigures:
    found, target = block_row_mass(source, reference=reference, current=current, unit=unit, mass=mass)
    l1, kl = float(np.abs(target - found).sum()), kullback_leibler(target, found)
    return RowFigures(l1, kl, float(found.sum()), float((found * matched) @ (found * matched)))


def block_row_mass(
    source: Source, *, reference: Floats | None, current: Floats, unit: Unit, mass: float
) -> tuple[Floats, Floats]:
    """`(Σ_j u_i e^{current_j}, P_X(i))` for one block's rows."""
    block = source.load()
    rows = len(block.indptr) - 1
    degrees = np.diff(block.indptr)
    target = (
        np.broadcast_to(block.row_target, (rows,)) * (degrees > 0) if len(block.row_target) == 1 else block.row_target
    )
    logs = np.empty(rows)
    values, shift = exponentials(current)
    log_sums(block.indptr, block.indices, current, values, shift, logs)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if reference is None:
            share = mass / np.maximum(degrees, 1) if unit == "rows" else np.full(rows, mass)
            masses = np.exp(logs + np.log(share))
        else:
            below = np.empty(rows)
            values, shift = exponentials(reference)
            log_sums(block.indptr, block.indices, reference, values, shift, below)
            masses = np.exp(np.minimum(logs - below + np.log(target), 700.0))
    return np.where((logs == -np.inf) | (degrees == 0), 0.0, np.nan_to_num(masses, nan=0.0)), target
