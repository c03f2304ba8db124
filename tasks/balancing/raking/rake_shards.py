"""Raking out of core: captions stay in their shards on disk, and each pass brings back one vector per keyword.

The same driver as in memory and the same result to rounding (1e-12): only the order of addition differs, because it
follows the shards. Memory is one shard and some vectors `[m]` for each worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.balancing.feasibility.obstacles import shard_obstacles
from tasks.balancing.matrix.checks import checked_target, half_steps
from tasks.balancing.matrix.incidence import Floats, read_block, take_rows
from tasks.balancing.raking.mappers import Mapper, mapped
from tasks.balancing.raking.rake import run
from tasks.balancing.raking.row_passes import Block, Rows, Shard, block_row_mass
from tasks.balancing.result import Balance, Unit


@dataclass(frozen=True)
class Census:
    """What one pass over the shards counts before anything is balanced.

    Attributes:
        rows, matched, matches: captions, captions with a keyword, matches.
        counts: `[m]` captions of each keyword.
        base: `[m]` captions split over their keywords, `Σ_i K_ij / deg_i`.
        alone: `[m]` captions that hold this keyword and no other.
    """

    rows: int
    matched: int
    matches: int
    counts: npt.NDArray[np.int64]
    base: Floats
    alone: npt.NDArray[np.int64]


def _census(path: Path, *, columns: int, without: npt.NDArray[np.uint64] | None) -> Census:
    ids, indptr, indices = read_block(path, columns, without)
    degrees = np.diff(indptr)
    share = np.repeat(1.0 / np.maximum(degrees, 1), degrees)
    single = indices[indptr[:-1][degrees == 1]]
    return Census(
        len(ids),
        int(np.count_nonzero(degrees)),
        len(indices),
        np.bincount(indices, minlength=columns),
        np.bincount(indices, weights=share, minlength=columns).astype(np.float64),
        np.bincount(single, minlength=columns),
    )


def census(
    paths: Sequence[Path],
    columns: int,
    mapper: Mapper | None = None,
    without: npt.NDArray[np.uint64] | None = None,
) -> Census:
    """Count all shards, but for the ids in `without`."""
    total = Census(0, 0, 0, np.zeros(columns, np.int64), np.zeros(columns), np.zeros(columns, np.int64))
    for one in (mapper or mapped(1))(partial(_census, columns=columns, without=without), list(paths)):
        total = Census(
            total.rows + one.rows,
            total.matched + one.matched,
            total.matches + one.matches,
            total.counts + one.counts,
            total.base + one.base,
            total.alone + one.alone,
        )
    return total


def rake_shards(
    paths: Sequence[Path],
    *,
    columns: int,
    column_target: Floats,
    steps: int | Sequence[Literal["x", "y"]],
    initial: Unit = "rows",
    tolerance: float | None = None,
    mapper: Mapper | None = None,
    counted: Census | None = None,
    without: npt.NDArray[np.uint64] | None = None,
    keep_weights: bool = True,
) -> Balance:
    """`rake` with equal row targets on shards of the `matches` table; arguments and result as there.

    Args:
        paths: shards; the rows of the result follow them in this order.
        mapper: where the passes run: `mapped(workers)` for threads, `ray_mapped()` for a cluster.
        counted: a `census` of the same shards, if there is one already.
        without: ids that were taken down.
        keep_weights: gather all weights in the result; else `shard_weights` makes them shard by shard.

    Raises:
        InputError: no caption matches, or a bad target.
    """
    run_on = mapper or mapped(1)
    seen = counted or census(paths, columns, run_on, without)
    if seen.matched == 0:
        raise InputError("no caption matches any keyword, so there is nothing to balance; check the keyword list")
    goal = checked_target(column_target, columns, "column_target")
    goal = goal / float(goal.sum())
    mass = 1.0 / (seen.matched if initial == "rows" else seen.matches)
    shards = [Shard(path, columns, 1.0 / seen.matched, without) for path in paths]
    rows = Rows(shards, columns, initial, mass, run_on)
    found = shard_obstacles(seen.counts, seen.alone, seen.matched, goal)
    return run(
        rows,
        goal,
        half_steps(steps),
        matched=seen.matched,
        tolerance=tolerance,
        found=found,
        keep_weights=keep_weights,
    )


@dataclass(frozen=True)
class ShardWeights:
    """The matched captions of one shard: ids `[k]`, weights `[k]`, and their keywords in compressed rows."""

    ids: npt.NDArray[np.uint64]
    weight: Floats
    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.uint32]


def shard_weights(
    paths: Sequence[Path],
    balance: Balance,
    seen: Census,
    columns: int,
    without: npt.NDArray[np.uint64] | None = None,
) -> Iterator[ShardWeights]:
    """Each shard's weights (mean 1 over all shards), made from the potentials of `rake_shards`."""
    mass = 1.0 / (seen.matched if balance.unit == "rows" else seen.matches)
    for path in paths:
        ids, indptr, indices = read_block(path, columns, without)
        kept = np.flatnonzero(np.diff(indptr) > 0)
        indptr, indices = take_rows(indptr, indices, kept)
        block = Block(indptr, indices, np.array([1.0 / seen.matched]))
        masses, _ = block_row_mass(
            block, reference=balance.reference, current=balance.log_scale, unit=balance.unit, mass=mass
        )
        yield ShardWeights(ids[kept], masses / balance.average, indptr, indices)
