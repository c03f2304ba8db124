"""Choosing rows shard by shard: mass, expected copies, a draw by hash, and integer counts of what was drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from storage.draws import words
from storage.tables.lookup import places_in
from storage.tables.schemas import SELECTION
from tasks.arrays import Floats, Ids, Int64s, Integers
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.match_stream import MatchBlock, as_block
from tasks.compiled import compiled
from tasks.resampling.sampling.expectation import Expectation
from tasks.resampling.sampling.methods import Copies, poisson, residual

UNIT = 1 << 30
"""A caption's share of a keyword is counted in units of 2⁻³⁰, so that sums are whole numbers in any order."""


@dataclass
class Tally:
    """Counts of what was drawn; whole numbers, so that shards and groups add up in any order.

    Attributes:
        counts: `[m]` copies that hold each keyword.
        split: `[m]` copies split over their keywords, in units of 2⁻³⁰.
        size: copies in all.
        distinct: captions drawn.
        squares: `Σ copies²`.
        largest: copies of the caption drawn most.
    """

    counts: Int64s
    split: Int64s
    size: int = 0
    distinct: int = 0
    squares: int = 0
    largest: int = 0

    def add(self, block: MatchBlock, copies: Copies) -> None:
        """Count the copies `[n]` of a shard's rows."""
        count_copies(block.indptr, block.indices, copies, self.counts, self.split)
        wide = copies.astype(np.int64)
        self.size += int(wide.sum())
        self.distinct += int(np.count_nonzero(wide))
        self.squares += int((wide * wide).sum())
        self.largest = max(self.largest, int(wide.max(initial=0)))


@compiled
def count_copies(indptr: Integers, indices: Integers, copies: Integers, counts: Int64s, split: Int64s) -> None:
    """Adds `copies [n]` to `counts [m]` of each keyword, and `round(2³⁰ copies / keywords)` to `split [m]`."""
    for i in range(indptr.shape[0] - 1):
        if copies[i] == 0 or indptr[i] == indptr[i + 1]:
            continue
        degree = np.int64(indptr[i + 1]) - np.int64(indptr[i])
        share = (np.int64(copies[i]) * np.int64(UNIT) + degree // 2) // degree
        for k in range(indptr[i], indptr[i + 1]):
            counts[indices[k]] += np.int64(copies[i])
            split[indices[k]] += share


@dataclass(frozen=True)
class Drawing:
    """How copies are drawn.

    Attributes:
        law: a caption's mass.
        expectation: its expected copies.
        method: poisson or residual, drawn here; of the others the copies were drawn together, `drawn`.
        seed: of the hash draws.
        drawn: systematic, multinomial: the `selection` table without rows, by ascending id.
    """

    law: Law
    expectation: Expectation
    method: str
    seed: int
    drawn: pa.Table | None = None

    def choose(self, matches: pa.Table, tally: Tally) -> pa.Table:
        """The drawn rows of one shard of `matches`, as `selection`; they are counted in `tally`."""
        ids = matches.column("id").to_numpy()
        block = as_block(matches.column("entries"))
        mass = self.law.mass(block.indptr, block.indices)
        expected = self.expectation.copies(mass)
        if self.drawn is not None:
            places, found = places_in(self.drawn.column("id").to_numpy(), ids)
            copies = np.zeros(len(ids), dtype=np.uint16)
            copies[found] = self.drawn.column("multiplicity").to_numpy()[places[found]]
            inclusion = np.zeros(len(ids))
            inclusion[found] = self.drawn.column("inclusion").to_numpy()[places[found]]
        elif self.method == "poisson":
            copies, inclusion = poisson(ids, expected, seed=self.seed), expected
        else:
            copies, inclusion = residual(ids, expected, seed=self.seed), np.minimum(expected, 1.0)
        tally.add(block, copies)
        return rows_of(ids, mass / self.law.mean, inclusion, copies)


def rows_of(ids: Ids, weight: Floats, inclusion: Floats, copies: Copies) -> pa.Table:
    """The rows with copies, as `selection`: where they stand in their shard, weight, inclusion and multiplicity."""
    held = np.flatnonzero(copies)
    return pa.table(
        {
            "id": pa.array(ids[held], pa.uint64()),
            "weight": pa.array(weight[held]),
            "inclusion": pa.array(inclusion[held]),
            "multiplicity": pa.array(copies[held], pa.uint16()),
            "row": pa.array(held, pa.uint32()),
        },
        schema=SELECTION,
    )


def thin(matches: pa.Table, *, seed: int, limit: int, share: float) -> pa.Table:
    """The rows whose hash word is below `limit`, as `selection`, each once; rows that are gone stay out.

    matches: without `entries` where no row is gone.
    """
    ids = matches.column("id").to_numpy()
    chosen = words(ids, seed=seed, purpose="subsample") <= np.uint64(limit)
    if "entries" in matches.column_names:
        chosen &= matches.column("entries").is_valid().to_numpy()
    return rows_of(ids, np.ones(len(ids)), np.full(len(ids), share), chosen.astype(np.uint16))
