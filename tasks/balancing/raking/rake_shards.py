"""Raking out of core: captions stay in their shards on disk, and each pass brings back one vector per keyword.

The same iteration as in memory and the same result to rounding (1e-12): only the order of addition differs, because it
follows the shards. Memory is one shard and some vectors `[m]` for each worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.feasibility.obstacles import shard_obstacles
from tasks.balancing.matrix.checks import checked_target, half_steps
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.read_matches import read_shard
from tasks.balancing.raking.census import Census, MatchShards, census
from tasks.balancing.raking.iterate import Problem, iterate
from tasks.balancing.raking.row_passes import Block, Rows, Shard, block_row_mass
from tasks.balancing.result import Balance, Unit


def rake_shards(
    shards: MatchShards,
    *,
    column_target: npt.ArrayLike,
    steps: int | Sequence[Literal["x", "y"]],
    initial: Unit = "rows",
    tolerance: float | None = None,
    counted: Census | None = None,
    keep_weights: bool = True,
) -> Balance:
    """`rake` with equal row targets, on shards of the `matches` table; the result's rows follow the shards.

    Args:
        shards: the matches.
        column_target: `[m]` masses P_Y, in the units of the starting measure.
        steps: half steps in order, or a number k of steps x, y, x, …; with a `tolerance` the most that is made.
        initial: equal captions ("rows") or equal matches ("pairs") to start from.
        tolerance: stop when the L1 distance of both margins is at most this; None makes exactly `steps`.
        counted: a `census` of the same shards, if there is one already.
        keep_weights: gather all weights in the result; else `shard_weights` makes them shard by shard.

    Returns:
        A `Balance`, as that of `rake`, except that components are not looked at: no single shard shows them.

    Raises:
        InputError: no caption matches, or a bad target.
    """
    seen = counted or census(shards)
    if seen.matched == 0:
        raise InputError("no caption matches any keyword, so there is nothing to balance; check the keyword list")
    goal = checked_target(column_target, shards.columns, "column_target")
    goal = goal / float(goal.sum())
    sources = [Shard(path, shards.columns, 1.0 / seen.matched, shards.without) for path in shards.paths]
    rows = Rows(sources, shards.columns, initial, seen.unit_mass(initial), shards.mapper)
    found = shard_obstacles(seen.counts, seen.alone, seen.matched, goal)
    limit = None if tolerance is None else float(tolerance)
    return iterate(Problem(rows, goal, seen.matched, found, limit, keep_weights), half_steps(steps))


@dataclass(frozen=True)
class ShardWeights:
    """The matched captions of one shard, and their weights `[k]`, mean 1 over all shards."""

    matrix: Incidence
    weight: Floats


def shard_weights(shards: MatchShards, balance: Balance, seen: Census) -> Iterator[ShardWeights]:
    """Each shard's weights, made from the potentials of `rake_shards`."""
    for path in shards.paths:
        held = read_shard(path, shards.columns, shards.without)
        matched = held.take(np.flatnonzero(held.degrees > 0))
        masses, _ = block_row_mass(
            Block(matched.indptr, matched.indices, np.array([1.0 / seen.matched])),
            reference=balance.reference,
            current=balance.log_scale,
            unit=balance.unit,
            mass=seen.unit_mass(balance.unit),
        )
        yield ShardWeights(matched, masses / balance.average)
