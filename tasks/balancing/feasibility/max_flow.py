"""Whether both margins can be met at all: Hall's condition, by maximum flow.

Captions are sources of their target mass, keywords sinks of theirs, and a caption may send to its keywords only. Both
margins can be met if and only if the maximum flow carries the whole mass; otherwise the minimum cut is a set of
keywords whose own captions (those that hold nothing else) have more mass than the set's targets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from storage.errors import InputError
from tasks.arrays import Floats, Int64s
from tasks.balancing.matrix.equal_rows import distinct_rows
from tasks.balancing.result import Blocking

UNITS = 1 << 30
MOST_ARCS = 20_000_000


@dataclass(frozen=True)
class Feasibility:
    """The answer of the maximum flow.

    Attributes:
        feasible: the whole mass flows, up to `resolution`.
        deficit: share of the mass that cannot flow; twice it is the least L1 distance that raking can reach.
        resolution: what the integer capacities can tell apart; a deficit below it counts as none.
        blocking: the minimum cut as an obstacle, or None when feasible.
    """

    feasible: bool
    deficit: float
    resolution: float
    blocking: Blocking | None


def feasibility(
    indptr: npt.ArrayLike, indices: npt.ArrayLike, *, row_target: npt.ArrayLike | None, column_target: npt.ArrayLike
) -> Feasibility:
    """Maximum flow from captions to keywords (Dinic, in scipy).

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows; empty rows carry no mass.
        indices: `[nnz]`, keyword numbers, unique within a row.
        row_target: `[n]`, or None for equal masses.
        column_target: `[m]`; both are divided by their sums.

    Raises:
        InputError: more than 20 million matches between different keyword sets and keywords, or no mass.
    """
    sets = distinct_rows(np.asarray(indptr, dtype=np.int64), np.asarray(indices, dtype=np.uint32))
    if len(sets.indices) > MOST_ARCS:
        raise InputError(
            f"maximum flow over {len(sets.indices)} arcs would take too long; the necessary conditions were checked, "
            "and raking itself stops at a plateau when the targets are infeasible"
        )
    degrees = np.diff(sets.indptr)
    held = np.ones(len(sets.member)) if row_target is None else np.asarray(row_target, dtype=np.float64)
    supply = np.where(degrees > 0, sets.sums(held), 0.0)
    demand = np.asarray(column_target, dtype=np.float64)
    if not (float(supply.sum()) > 0 and float(demand.sum()) > 0):
        raise InputError("feasibility needs positive mass on both margins; check the targets and the keyword list")
    groups, columns = len(supply), len(demand)
    supplies, demands = _units(supply), _units(demand)
    source, sink = groups + columns, groups + columns + 1
    tails = np.concatenate(
        [np.full(groups, source), np.repeat(np.arange(groups), degrees), np.arange(columns) + groups]
    )
    heads = np.concatenate([np.arange(groups), sets.indices.astype(np.int64) + groups, np.full(columns, sink)])
    capacities = np.concatenate([supplies, np.full(len(sets.indices), UNITS), demands]).astype(np.int32)
    graph = sp.csr_array((capacities, (tails, heads)), shape=(sink + 1, sink + 1))
    flow = maximum_flow(graph, source, sink)
    deficit = 1.0 - int(flow.flow_value) / UNITS
    resolution = (groups + columns) / UNITS
    if deficit <= resolution:
        return Feasibility(True, max(0.0, deficit), resolution, None)
    left = (graph - flow.flow).tocsr()
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    reached = breadth_first_order(left, source, return_predecessors=False)
    keywords = np.sort(reached[(reached >= groups) & (reached < source)] - groups)
    inside = np.sort(reached[reached < groups])
    forced = float(supply[inside].sum() / supply.sum())
    allowed = float(demand[keywords].sum() / demand.sum())
    return Feasibility(False, deficit, resolution, Blocking("cut", tuple(int(j) for j in keywords), forced, allowed))


def _units(mass: Floats) -> Int64s:
    """Integers that sum to exactly `UNITS`, each within 1 of its share: rounded cumulative sums."""
    edges = np.round(np.cumsum(mass) / float(mass.sum()) * UNITS).astype(np.int64)
    edges[-1] = UNITS
    return np.diff(edges, prepend=0)
