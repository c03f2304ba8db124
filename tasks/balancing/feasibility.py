"""Obstacles: why no measure on the captions' keywords can have both margins, in keywords that can be named.

Necessary conditions that cost one pass: equal totals, no keyword without captions, no zero target on a keyword that
is held, captions that hold a single keyword fit into its target, a keyword's captions can fill its target, and every
connected component has equal totals. `maxflow.py` gives the full answer.
"""

from __future__ import annotations

import numpy as np

from tasks.balancing.components import component_obstacles, components
from tasks.balancing.incidence import Floats, Integers
from tasks.balancing.result import Blocking

RELATIVE = 1e-9


def obstacles(
    indptr: Integers,
    indices: Integers,
    *,
    row_target: Floats,
    column_target: Floats,
    connected: bool = True,
    most: int = 1000,
) -> tuple[Blocking, ...]:
    """Violations of the necessary conditions, worst first within each kind.

    Args:
        indptr, indices: the matrix, n rows.
        row_target: `[n]` masses, or `[1]` when every caption with a keyword has the same.
        column_target: `[m]` masses.
        connected: also compare the totals of connected components.
        most: at most this many are returned.
    """
    degrees = np.diff(indptr)
    columns = len(column_target)
    rows = np.broadcast_to(row_target, degrees.shape) if len(row_target) == 1 else row_target
    mass = rows * (degrees > 0) if len(row_target) == 1 else np.asarray(rows)
    found: list[Blocking] = []
    empty_rows = float(mass[degrees == 0].sum())
    if empty_rows > 0:
        found.append(Blocking("empty caption", (), 0.0, empty_rows))
    total, wanted = float(mass.sum()), float(column_target.sum())
    slack = RELATIVE * max(total, wanted)
    if abs(total - wanted) > slack:
        found.append(Blocking("totals", (), total, wanted))
    held = np.bincount(indices, minlength=columns)
    reach = np.bincount(indices, weights=np.repeat(mass, degrees), minlength=columns)
    alone = np.flatnonzero(degrees == 1)
    forced = np.bincount(indices[np.asarray(indptr)[alone]], weights=mass[alone], minlength=columns)
    for j in np.flatnonzero((held == 0) & (column_target > 0)):
        found.append(Blocking("empty keyword", (int(j),), 0.0, float(column_target[j])))
    for j in np.flatnonzero((held > 0) & (column_target == 0)):
        found.append(Blocking("zero target", (int(j),), float(reach[j]), 0.0))
    for j in _worst(forced - column_target, np.maximum(slack, RELATIVE * column_target)):
        found.append(Blocking("forced", (int(j),), float(forced[j]), float(column_target[j])))
    for j in _worst(np.where(held > 0, column_target - reach, 0.0), np.maximum(slack, RELATIVE * column_target)):
        found.append(Blocking("unreachable", (int(j),), float(reach[j]), float(column_target[j])))
    if connected:
        parts = components(indptr, indices, columns)
        found += component_obstacles(parts, mass, column_target, slack)
    return tuple(found[:most])


def _worst(excess: Floats, slack: Floats) -> Integers:
    """Entries above their slack, the largest excess first, ties by number."""
    over = np.flatnonzero(excess > slack)
    return over[np.argsort(-excess[over], kind="stable")]
