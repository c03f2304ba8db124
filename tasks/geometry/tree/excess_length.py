"""How much longer a spanning tree is than the shortest one: an upper bound, estimated from a sample of its edges."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from storage.draws import hash_order
from tasks.geometry.neighbours.tile_search import TileSearch

LONGEST_EDGES, SMALL_CUTS, LARGE_CUTS = 64, 4_096, 384
"""Edges that are assessed: the longest, and draws from those with few and with many points on their smaller side."""

LISTED = 32
"""Points up to which a side is small: one search of as many neighbours finds each one's nearest outside point."""

ASKED_OF_SIDE = 1_024
"""Points asked of a side that is larger still, for the longest edges: a cluster's link is guessed from these."""


@dataclass(frozen=True)
class Excess:
    """`bound`: estimate of `Σ_e (|e| − shortest link across e's cut)`, which is at least the tree's excess length.

    standard_error: of the estimate. assessed, unassessed: edges whose cut was, and was not, small enough to be
    searched; the estimate takes the latter to be like the former of their kind.
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
    cut), `length(tree) − length(M) ≤ Σ_e g_e`. The sum is estimated kind by kind: the longest edges, which join
    clusters; edges that cut off few points, where an index's omissions show, from a large sample since they are
    cheap; and the others. The smaller side of a cut is searched exactly; of large sides the smallest first, as far as
    `budget` points go (a quarter of all, and at least 16,384); of the longest edges even the largest, by a sample.
    The standard error takes one edge more of each kind to be wrong than was seen to be: a sample
    without faults proves only that faults are rare.
    """
    total = len(edges)
    below, enter, leave = _rooted(len(points), edges)
    size = (leave - enter)[below]
    smaller = np.minimum(size, len(points) - size)
    by_length = np.argsort(-lengths, kind="stable")
    longest, others = by_length[:LONGEST_EDGES], np.sort(by_length[LONGEST_EDGES:])
    few = smaller[others] <= LISTED
    kinds = [
        (longest, len(longest)),
        (_drawn(others[few], SMALL_CUTS), int(few.sum())),
        (_drawn(others[~few], LARGE_CUTS), int((~few).sum())),
    ]
    tiles = TileSearch(points, workers=workers)
    order = np.argsort(enter)
    side = partial(_side, order, enter[below], leave[below])
    wanted = np.concatenate([sample for sample, _ in kinds])
    huge = longest[smaller[longest] > ASKED_OF_SIDE]
    wanted = wanted[~np.isin(wanted, huge)]
    wanted = wanted[np.argsort(smaller[wanted], kind="stable")]
    cost = np.where(smaller[wanted] > LISTED, smaller[wanted], 0)
    wanted = wanted[np.cumsum(cost) <= (budget or max(16_384, len(points) // 4))]
    shortest = _shortest_links(tiles, {edge: side(edge) for edge in wanted.tolist()}, len(points))
    guessed = {edge: _guessed_link(tiles, side(edge), len(points)) for edge in huge.tolist()}
    shortest |= {edge: link - unsure for edge, (link, unsure) in guessed.items()}
    gaps = {edge: max(0.0, lengths[edge] - link) for edge, link in shortest.items()}
    rounding = 1e-5 * lengths.mean() if total else 0.0
    seen = [gap for gap in gaps.values() if gap >= rounding]
    unseen = float(np.mean(seen)) if seen else 10 * rounding
    bound, assessed = 0.0, 0
    variance = sum(unsure**2 for _, unsure in guessed.values())
    for sample, count in kinds:
        known = np.array([gaps[edge] for edge in sample.tolist() if edge in gaps])
        known[known < rounding] = 0.0
        assessed += len(known)
        if len(known) == count:
            bound += known.sum()
        elif len(known) > 1:
            share = 1 - len(known) / count
            bound += count * known.mean()
            variance += share * (count**2 * known.var(ddof=1) / len(known) + (count * unseen / len(known)) ** 2)
        else:
            variance = np.inf
    return Excess(float(bound), float(np.sqrt(variance)), assessed, sum(len(sample) for sample, _ in kinds) - assessed)


def _guessed_link(tiles: TileSearch, side: np.ndarray, n: int) -> tuple[float, float]:
    """The shortest link from some evenly spaced points of a large side, and by how much one from all may be shorter.

    The least of m values falls about evenly with log m; the fall from an eighth of those asked to all of them, in
    order statistics `x_8 − x_1`, is carried on to the whole side.
    """
    asked = np.sort(side)[np.linspace(0, len(side) - 1, ASKED_OF_SIDE).astype(np.int64)]
    inside = np.zeros(n, np.int32)
    inside[side] = 1
    _, nearest = tiles.nearest_outside(asked.astype(np.int32), inside, 1)
    link = np.sort(np.sqrt(nearest[:, 0]))
    fall = float(link[7] - link[0]) * np.log(len(side) / ASKED_OF_SIDE) / np.log(8)
    return float(link[0]), fall


def _drawn(edges: np.ndarray, most: int) -> np.ndarray:
    """Up to `most` edges, by a hash of their places."""
    return edges[hash_order(edges.astype(np.uint64), seed=0, purpose="excess of a tree")[:most]]


def _side(order: np.ndarray, enter: np.ndarray, leave: np.ndarray, edge: int) -> np.ndarray:
    """The points on the smaller side of an edge's cut, from each edge's interval of the depth-first order."""
    cut = np.s_[enter[edge] : leave[edge]]
    return order[cut] if leave[edge] - enter[edge] <= len(order) / 2 else np.delete(order, cut)


def _shortest_links(tiles: TileSearch, sides: dict[int, np.ndarray], n: int) -> dict[int, float]:
    """For every side the shortest link to the points outside it.

    Small sides share one search: of `LISTED` neighbours of a point of a side no larger than that, at least one lies
    outside.
    """
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
