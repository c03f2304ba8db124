"""How much longer a spanning tree is than the shortest one: an upper bound, estimated from a sample of its edges."""

from dataclasses import dataclass

import numpy as np

from storage.draws import hash_order
from tasks.geometry.tiles import TileSearch

LONGEST_EDGES, SAMPLED_EDGES = 64, 448
LISTED = 32


@dataclass(frozen=True)
class Excess:
    """`bound`: estimate of `Σ_e (|e| − shortest link across e's cut)`, which is at least the tree's excess length.

    standard_error: of the estimate. assessed, unassessed: edges whose cut was, and was not, small enough to be
    searched; the estimate takes the latter to be like the former of their kind (the longest edges, and the rest).
    """

    bound: float
    standard_error: float
    assessed: int
    unassessed: int

    def scaled(self, scale: float) -> "Excess":
        """The same in another unit of length."""
        return Excess(self.bound * scale, self.standard_error * scale, self.assessed, self.unassessed)


def estimate_excess(
    points: np.ndarray, edges: np.ndarray, lengths: np.ndarray, *, budget: int | None = None, workers: int = 1
) -> Excess:
    """Estimate by how much a spanning tree `edges [n - 1, 2]` of `points [n, d]` may be too long.

    Taking edge e out cuts the tree in two. Let `g_e ≥ 0` be what the shortest link between the two sides would save.
    By exchange (every edge of the tree that is not in a minimum tree M can be matched with an edge of M across its
    cut), `length(tree) − length(M) ≤ Σ_e g_e`. The sum is estimated from the longest edges, which join clusters, and
    a hash-drawn sample of the others; the smaller side of a cut is searched exactly, the smallest sides first, as far
    as `budget` points go (a quarter of all, and at least 16,384).
    """
    total = len(edges)
    order_by_length = np.argsort(-lengths, kind="stable")
    longest, others = order_by_length[:LONGEST_EDGES], np.sort(order_by_length[LONGEST_EDGES:])
    drawn = others[hash_order(others.astype(np.uint64), seed=0, purpose="excess of a tree")[:SAMPLED_EDGES]]
    sides = _smaller_sides(
        len(points), edges, np.concatenate([longest, drawn]), budget or max(16_384, len(points) // 4)
    )
    shortest = _shortest_links(TileSearch(points, workers=workers), sides, len(points))
    rounding = 1e-5 * lengths.mean() if total else 0.0
    bound, variance, assessed = 0.0, 0.0, 0
    for stratum, size in ((longest, len(longest)), (drawn, len(others))):
        known = [edge for edge in stratum.tolist() if edge in shortest]
        gaps = np.array([max(0.0, lengths[edge] - shortest[edge]) for edge in known])
        gaps[gaps < rounding] = 0.0
        assessed += len(known)
        if len(known) == size:
            bound += gaps.sum()
        elif len(known) > 1:
            bound += size * gaps.mean()
            variance += size**2 * gaps.var(ddof=1) / len(known) * (1 - len(known) / size)
        else:
            variance = np.inf
    return Excess(float(bound), float(np.sqrt(variance)), assessed, len(longest) + len(drawn) - assessed)


def _smaller_sides(n: int, edges: np.ndarray, wanted: np.ndarray, budget: int) -> dict[int, np.ndarray]:
    """For the wanted edges the points on the smaller side of the cut, as far as `budget` points go."""
    below, enter, leave = _rooted(n, edges)
    size = (leave - enter)[below[wanted]]
    inside = size <= n - size
    smaller = np.minimum(size, n - size)
    cheapest = np.argsort(smaller, kind="stable")
    affordable = cheapest[np.cumsum(smaller[cheapest]) <= budget]
    order = np.argsort(enter)
    sides = {}
    for place in affordable.tolist():
        cut = np.s_[enter[below[wanted[place]]] : leave[below[wanted[place]]]]
        sides[int(wanted[place])] = order[cut] if inside[place] else np.delete(order, cut)
    return sides


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
