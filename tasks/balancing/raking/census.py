"""What one pass over the shards counts before anything is balanced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from tasks.arrays import Floats, Ids, Int64s
from tasks.balancing.matrix.checks import check_unique
from tasks.balancing.matrix.read_matches import read_shard
from tasks.balancing.raking.mappers import Mapper, mapped
from tasks.balancing.result import Unit
from tasks.balancing.targets import base_measure


@dataclass(frozen=True)
class MatchShards:
    """The `matches` table on disk, and how passes over it run.

    Attributes:
        paths: the shards, in the order in which their rows are wanted.
        columns: number of keywords m.
        without: ids that were taken down.
        mapper: where passes run: `mapped(workers)` for threads, `ray_mapped()` for a cluster.
    """

    paths: Sequence[Path]
    columns: int
    without: Ids | None = None
    mapper: Mapper = field(default_factory=lambda: mapped(1))


@dataclass(frozen=True)
class Census:
    """Counts over all shards.

    Attributes:
        rows: captions.
        matched: captions with a keyword.
        matches: captions' keywords in all.
        counts: `[m]` captions of each keyword.
        base: `[m]` captions split over their keywords, `Σ_i K_ij / deg_i`.
        alone: `[m]` captions that hold this keyword and no other.
    """

    rows: int
    matched: int
    matches: int
    counts: Int64s
    base: Floats
    alone: Int64s

    def unit_mass(self, unit: Unit) -> float:
        """Mass of one caption ("rows") or of one match ("pairs") in the starting measure."""
        return 1.0 / (self.matched if unit == "rows" else self.matches)


def census(shards: MatchShards) -> Census:
    """Count all shards, but for the ids that were taken down.

    Raises:
        InputError: a shard that is none of the `matches` table, or a caption that names a keyword twice.
    """
    columns = shards.columns
    total = Census(0, 0, 0, np.zeros(columns, np.int64), np.zeros(columns), np.zeros(columns, np.int64))
    count = partial(_count, columns=columns, without=shards.without)
    for one in shards.mapper(count, list(shards.paths)):
        total = Census(
            total.rows + one.rows,
            total.matched + one.matched,
            total.matches + one.matches,
            total.counts + one.counts,
            total.base + one.base,
            total.alone + one.alone,
        )
    return total


def _count(path: Path, *, columns: int, without: Ids | None) -> Census:
    held = read_shard(path, columns, without)
    check_unique(held.indptr, held.indices, columns, held.ids)
    single = held.indices[held.indptr[:-1][held.degrees == 1]]
    return Census(
        held.rows,
        int(np.count_nonzero(held.degrees)),
        len(held.indices),
        held.counts,
        base_measure(held, "rows"),
        np.bincount(single, minlength=columns),
    )
