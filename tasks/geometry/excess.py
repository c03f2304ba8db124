"""How much longer a spanning tree is than the shortest one: an upper bound, estimated from a sample of its edges."""

from dataclasses import dataclass

import numpy as np

from storage.draws import hash_order
from tasks.geometry.tiles import TileSearch

SAMPLED_EDGES = 512
LARGEST_SIDE = 2_048
LISTED = 32


@dataclass(frozen=True)
class Excess:
    """`bound`: estimate of `Σ_e (|e| − shortest link across e's cut)`, which is at least the tree's excess length.

    standard_error: of the estimate. assessed, unassessed: sampled edges whose cut was, and was not, small enough to be
    searched; the estimate takes the latter to be like the former.
    """

    bound: float
    standard_error: float
    assessed: int
    unassessed: int

    def scaled(self, scale: float) -> "Excess":
        """The same in another unit of length."""
        return Excess(self.bound * scale, self.standard_error * scale, self.assessed, self.unassessed)


def estimate_excess(
    points: np.ndarray,
    edges: np.ndarray,
    lengths: np.ndarray,
    *,
    sample: int = SAMPLED_EDGES,
    largest_side: int = LARGEST_SIDE,
    workers: int = 1,
) -> Excess:
    """Estimate by how much a spanning tree `edges [n - 1, 2]` of `points [n, d]` may be too long.

    Taking edge e out cuts the tree in two. Let `g_e ≥ 0` be what the shortest link between the two sides would save.
    By exchange (every edge of the tree that is not in a minimum tree M can be matched with an edge of M across its
    cut), `length(tree) − length(M) ≤ Σ_e g_e`. The sum is estimated from a hash-drawn sample of edges; the smaller side
    of a cut is searched exactly, and cuts whose smaller side has more than `largest_side` points are left out.
    """
    total = len(edges)
    drawn = np.sort(hash_order(np.arange(total, dtype=np.uint64), seed=0, purpose="excess of a tree")[:sample])
    below, enter, leave = _rooted(len(points), edges)
    size = leave[below] - enter[below]
    small_side_inside = size <= len(points) - size
    side_size = np.where(small_side_inside, size, len(points) - size)
    order = np.argsort(enter)
    sides = {
        edge: order[enter[below[edge]] : leave[below[edge]]]
        if small_side_inside[edge]
        else np.delete(order, np.s_[enter[below[edge]] : leave[below[edge]]])
        for edge in drawn[side_size[drawn] <= largest_side].tolist()
    }
    shortest = _shortest_links(TileSearch(points, workers=workers), sides, len(points))
    savings = [max(0.0, lengths[edge] - shortest[edge]) for edge in sides]
    if not savings:
        return Excess(0.0, float("inf") if total else 0.0, 0, len(drawn))
    gaps = np.array(savings)
    gaps[gaps < 1e-5 * lengths.mean()] = 0.0  # rounding of float32
    error = total * gaps.std(ddof=1) / np.sqrt(len(gaps)) if len(gaps) > 1 else float("inf")
    return Excess(float(total * gaps.mean()), float(error), len(gaps), len(drawn) - len(gaps))


def _shortest_links(tiles: TileSearch, sides: dict[int, np.ndarray], n: int) -> dict[int, float]:
    """For every side the shortest link to the points outside it. Small sides share one search: of `LISTED` neighbours
    of a point of a side no larger than that, at least one lies outside."""
    shortest = {}
    small = [edge for edge, side in sides.items() if len(side) <= LISTED]
    queries = np.unique(np.concatenate([sides[edge] for edge in small] or [np.empty(0, np.int64)])).astype(np.int32)
    positions, squared = tiles.nearest_points(queries, LISTED)
    for edge, side in sides.items():
        if len(side) <= LISTED:
            rows = np.searchsorted(queries, side)
            outside = ~np.isin(positions[rows], side)
            shortest[edge] = float(np.sqrt(squared[rows][outside].min(initial=np.inf)))
        else:
            inside = np.zeros(n, np.int32)
            inside[side] = 1
            _, nearest = tiles.nearest_outside(side.astype(np.int32), inside, 1)
            shortest[edge] = float(np.sqrt(nearest.min(initial=np.inf)))
    return shortest


def _rooted(n: int, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Root the tree at 0: each edge's lower end, and each point's subtree as an interval of the depth-first order."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import depth_first_order

    ones = np.ones(len(edges), np.int8)
    graph = coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(n, n)).tocsr()
    order, parent = depth_first_order(graph, 0, directed=False)
    enter = np.empty(n, np.int64)
    enter[order] = np.arange(n)
    size = np.ones(n, np.int64)
    for point in order[:0:-1].tolist():  # children before parents
        size[parent[point]] += size[point]
    below = np.where(parent[edges[:, 1]] == edges[:, 0], edges[:, 1], edges[:, 0])
    return below, enter, enter + size
