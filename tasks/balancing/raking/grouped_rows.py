"""A matrix rearranged for many passes: captions by number of keywords, equal captions merged, keywords by frequency.

Rows of one length need no offsets and no unpredictable branch; equal rows differ only in mass, so one row with the
sum of their targets replaces them; and when keywords are numbered by falling frequency, the part of the scaling vector
that most rows touch stays in the nearest cache. The arrangement costs the time of some passes once, and a copy of the
indices; after that a pass is several times faster than over compressed rows (`benchmarks/raking.py` prints both).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.arrays import Floats, Int64s, Integers, Keywords
from tasks.balancing.matrix.incidence import take_rows

WORTHWHILE = 12
LONGEST = 8
PARTS = 4
MATCHES_PER_PART = 1 << 21


@dataclass(frozen=True)
class Part:
    """One independent share of the work.

    Attributes:
        groups: for some lengths d, rows `(keywords [k, d], target [k])`.
        indptr: offsets of longer rows, all in the first part.
        indices: their keywords.
        row_target: their targets, `[1]` where all are the same.
    """

    groups: tuple[tuple[Keywords, Floats], ...]
    indptr: Int64s
    indices: Keywords
    row_target: Floats


@dataclass(frozen=True)
class Scratch:
    """What a pass writes: allocating it anew costs more than the pass over 200,000 keywords.

    Attributes:
        values: `[m]`, `e^{potential − shift}` by rank.
        heights: `[m]`, potentials by rank.
        sums: `[m]`, scalings summed over each keyword.
        apart: `[m]`, masses of the matches of rows that were computed by their own maximum.
        tables: `[m, 2]` for each part, see `kernels.scale_sums`.
        parts_apart: `[m]` for each part.
    """

    values: Floats
    heights: Floats
    sums: Floats
    apart: Floats
    tables: tuple[Floats, ...]
    parts_apart: tuple[Floats, ...]

    @property
    def bytes(self) -> int:
        """Memory taken."""
        return 4 * self.values.nbytes + sum(array.nbytes for array in (*self.tables, *self.parts_apart))


def make_scratch(columns: int, parts: int) -> Scratch:
    """Scratch for a number of parts."""
    values, heights, sums, apart = np.zeros((4, columns))
    tables = tuple(np.zeros((columns, 2)) for _ in range(parts))
    return Scratch(values, heights, sums, apart, tables, tuple(np.zeros(columns) for _ in range(parts)))


@dataclass(frozen=True)
class Grouped:
    """The rearranged matrix.

    Attributes:
        rank: `[m]`, a keyword's number by falling frequency.
        alone: keywords (by rank) that some captions hold alone.
        alone_mass: the target mass of those captions.
        parts: shares whose number depends on the matrix alone, so that sums do not depend on the workers.
        scratch: vectors that every pass writes anew.
        bytes: memory of the rearranged indices and targets.
    """

    rank: Int64s
    alone: Int64s
    alone_mass: Floats
    parts: tuple[Part, ...]
    scratch: Scratch
    bytes: int


def group_rows(indptr: Integers, indices: Keywords, row_target: Floats, columns: int) -> Grouped:
    """Rearrange a matrix.

    Args:
        indptr: `[n + 1]`, offsets.
        indices: `[nnz]`, keyword numbers.
        row_target: `[n]` masses, or `[1]` when all rows have the same.
        columns: number of keywords m.
    """
    counts = np.bincount(indices, minlength=columns)
    rank = np.empty(columns, dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(columns)
    degrees = np.diff(indptr)
    uniform = len(row_target) == 1
    alone = np.flatnonzero(degrees == 1)
    masses = np.full(len(alone), row_target[0]) if uniform else row_target[alone]
    single_keywords = rank[indices[np.asarray(indptr)[alone]]]
    singles = np.bincount(single_keywords, weights=masses, minlength=columns).astype(np.float64)
    groups: list[tuple[Keywords, Floats]] = []
    for degree in range(2, LONGEST + 1):
        rows = np.flatnonzero(degrees == degree)
        if len(rows):
            held = rank[indices[np.asarray(indptr)[rows][:, None] + np.arange(degree)]].astype(np.uint32)
            held.sort(axis=1)
            groups.append(_merge(held, None if uniform else row_target[rows], float(row_target[0]), columns))
    long = np.flatnonzero(degrees > LONGEST)
    long_ptr, long_indices = take_rows(indptr, indices, long)
    long_target = row_target if uniform else row_target[long]
    long_indices = rank[long_indices].astype(np.uint32)
    matches = len(indices)
    count = max(1, min(PARTS, matches // MATCHES_PER_PART))
    parts = []
    for k in range(count):
        share = tuple(
            (held[_slice(len(held), k, count)], target[_slice(len(held), k, count)]) for held, target in groups
        )
        if k == 0:
            parts.append(Part(share, long_ptr, long_indices, long_target))
        else:
            parts.append(Part(share, long_ptr[:1], long_indices[:0], long_target[:0]))
    size = sum(held.nbytes + target.nbytes for held, target in groups) + long_indices.nbytes + long_ptr.nbytes
    held_alone = np.flatnonzero(singles)
    scratch = make_scratch(columns, count)
    size += rank.nbytes + singles.nbytes + scratch.bytes
    return Grouped(rank, held_alone, singles[held_alone], tuple(parts), scratch, size)


def _slice(length: int, k: int, count: int) -> slice:
    return slice(length * k // count, length * (k + 1) // count)


def _merge(held: Keywords, masses: Floats | None, mass: float, columns: int) -> tuple[Keywords, Floats]:
    """Sort rows by their rarest keywords and merge equal ones, where a row packs into 64 bits; else leave them."""
    degree, bits = held.shape[1], np.uint64(max(1, (columns - 1).bit_length()))
    if degree * int(bits) > 64:
        return held, np.full(len(held), mass) if masses is None else masses
    packed = np.zeros(len(held), dtype=np.uint64)
    for k in range(degree - 1, -1, -1):
        packed = (packed << bits) | held[:, k].astype(np.uint64)
    order = None if masses is None else np.argsort(packed, kind="stable")
    packed = np.sort(packed) if order is None else packed[order]
    starts = np.flatnonzero(np.concatenate([[True], packed[1:] != packed[:-1]]))
    merged = np.diff(np.append(starts, len(held))) * mass
    if masses is not None:
        merged = np.add.reduceat(masses[order], starts)
    packed = packed[starts]
    rows = np.empty((len(starts), degree), dtype=np.uint32)
    for k in range(degree):
        rows[:, k] = packed & ((np.uint64(1) << bits) - np.uint64(1))
        packed >>= bits
    return rows, merged
