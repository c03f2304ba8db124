"""Obstacles: why no measure on the captions' keywords can have both margins, in keywords that can be named.

Necessary conditions that cost one pass: equal totals, no keyword without captions, no zero target on a keyword that
is held, captions that hold a single keyword fit into its target, a keyword's captions can fill its target, and every
connected component has equal totals. `max_flow` gives the full answer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.arrays import Floats, Integers
from tasks.balancing.diagnostics import keyword_sums
from tasks.balancing.feasibility.components import component_obstacles, components
from tasks.balancing.result import Blocking

RELATIVE = 1e-9
MOST = 1000


def obstacles(
    indptr: npt.ArrayLike,
    indices: npt.ArrayLike,
    *,
    row_target: npt.ArrayLike,
    column_target: npt.ArrayLike,
    connected: bool = True,
) -> tuple[Blocking, ...]:
    """Violations of the necessary conditions, at most 1000 of each kind, worst first.

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows.
        indices: `[nnz]`, keyword numbers, unique within a row.
        row_target: `[n]` masses, or `[1]` when every caption with a keyword has the same.
        column_target: `[m]` masses.
        connected: also compare the totals of connected components.
    """
    offsets, keywords = np.asarray(indptr, dtype=np.int64), np.asarray(indices)
    given, goal = np.asarray(row_target, np.float64), np.asarray(column_target, np.float64)
    degrees, columns = np.diff(offsets), len(goal)
    mass = np.where(degrees > 0, given[0], 0.0) if len(given) == 1 else given
    found: list[Blocking] = []
    empty_rows = float(mass[degrees == 0].sum())
    if empty_rows > 0:
        found.append(Blocking("empty caption", (), 0.0, empty_rows))
    total, wanted = float(mass.sum()), float(goal.sum())
    slack = RELATIVE * max(total, wanted)
    if abs(total - wanted) > slack:
        found.append(Blocking("totals", (), total, wanted))
    held = np.bincount(keywords, minlength=columns)
    alone = np.flatnonzero(degrees == 1)
    single = keywords[offsets[alone]]
    if len(given) == 1:  # as `shard_obstacles` has it, to the bit
        reach, forced = held * given[0], np.bincount(single, minlength=columns) * given[0]
    else:
        reach = keyword_sums(keywords, np.repeat(mass, degrees), columns)
        forced = keyword_sums(single, mass[alone], columns)
    found += _per_keyword(held, reach, forced, goal, slack)
    if connected:
        found += component_obstacles(components(offsets, keywords, columns), mass, goal, slack)
    return tuple(found)


def shard_obstacles(counts: Integers, alone: Integers, matched: int, column_target: Floats) -> tuple[Blocking, ...]:
    """The same per keyword from counts alone, for equal captions: what one pass over shards can tell.

    Args:
        counts: `[m]` captions that hold a keyword.
        alone: `[m]` captions that hold it and no other.
        matched: captions with a keyword.
        column_target: `[m]`, sums to 1.
    """
    share = np.float64(1.0 / matched)
    return tuple(_per_keyword(counts, counts * share, alone * share, column_target, RELATIVE))


def _per_keyword(held: Integers, reach: Floats, forced: Floats, column_target: Floats, slack: float) -> list[Blocking]:
    """Obstacles of single keywords, given the mass of their captions and of those that hold nothing else."""
    found: list[Blocking] = []
    limit = np.maximum(slack, RELATIVE * column_target)
    for j in np.flatnonzero((held == 0) & (column_target > 0))[:MOST]:
        found.append(Blocking("empty keyword", (int(j),), 0.0, float(column_target[j])))
    for j in np.flatnonzero((held > 0) & (column_target == 0))[:MOST]:
        found.append(Blocking("zero target", (int(j),), float(reach[j]), 0.0))
    for j in _worst(np.where(column_target > 0, forced - column_target, 0.0), limit):
        found.append(Blocking("forced", (int(j),), float(forced[j]), float(column_target[j])))
    for j in _worst(np.where(held > 0, column_target - reach, 0.0), limit):
        found.append(Blocking("unreachable", (int(j),), float(reach[j]), float(column_target[j])))
    return found


def _worst(excess: Floats, slack: Floats) -> Integers:
    """Entries above their slack, the largest excess first, ties by number."""
    over = np.flatnonzero(excess > slack)
    return over[np.argsort(-excess[over], kind="stable")][:MOST]
