"""Borůvka's algorithm on lists of nearest neighbours, asking again only where a list no longer proves anything.

Every point has a list of near points in ascending order and a *horizon*: no unlisted point is nearer. A component's
shortest link to the outside is certain when no member could have an unlisted point that is nearer still: those
members whose lists have no outside point left must have horizons beyond it. Links that are certain are taken, all at
once, round after round. When none is, the members in doubt are asked again, over the whole set, for the nearest point
of each of the nearest other components; a list of that kind stays valid for all later rounds. The largest component
is never asked: it is joined by the others. Where that would cost more than to find the shortest links between all
components (a few large clusters, each complete in itself), those are found instead, and complete the tree.

This one is for many points, of which no matrix of all pairs is held; `prim` is for up to some thousand, and for
proofs. A training batch has its own pair, `batch_prim` on a processor and `batch_boruvka` on an accelerator, both in
`tasks/training/tregs/`, which need no proof and must be fast for a few hundred points.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tasks.compiled import compiled
from tasks.geometry.neighbours.component_links import ComponentLinks
from tasks.geometry.tree.link_tree import link_tree

MOST_COMPONENTS = 1_024
"""Components up to which the table of their shortest links is considered."""


class Searcher(Protocol):
    """Exact searches, as `TileSearch` offers them."""

    def nearest_components(self, queries: np.ndarray, labels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions int32 and squared distances float32, both `[q, k]`."""
        ...

    def component_links(self, labels: np.ndarray) -> ComponentLinks:
        """The shortest link between every two components."""
        ...


@dataclass
class NeighbourLists:
    """Near points of every point; Borůvka shortens and replaces them.

    positions: int32 `[n, k]`, −1 where there is none. distances: float32 `[n, k]` ascending. horizon: float32 `[n]`,
    no unlisted point is nearer (infinite: there is none).
    """

    positions: np.ndarray
    distances: np.ndarray
    horizon: np.ndarray


@dataclass(frozen=True)
class BoruvkaTree:
    """edges int32 `[n - 1, 2]`; certified bool `[n - 1]`; how many points were asked again, and in how many rounds."""

    edges: np.ndarray
    certified: np.ndarray
    requeries: int
    rounds: int


def boruvka(lists: NeighbourLists, searcher: Searcher, *, most_per_component: int | None = None) -> BoruvkaTree:
    """A spanning tree from neighbour lists.

    With true lists and horizons, and `most_per_component=None`, it is a minimum spanning tree and every edge is
    certified. A number there bounds how many members of a component are asked again; edges that were taken although
    a member in doubt was not asked are not certified.
    """
    n, k = lists.positions.shape
    labels = np.arange(n, dtype=np.int32)
    pointer = np.zeros(n, dtype=np.int32)
    silent = np.zeros(n, dtype=np.bool_)  # in doubt, and not to be asked
    edges = np.empty((max(n - 1, 0), 2), np.int32)
    certified = np.empty(max(n - 1, 0), np.bool_)
    found = requeries = rounds = 0
    while found < n - 1:
        rounds += 1
        best, ends, bound, doubt = _links(lists.positions, lists.distances, lists.horizon, labels, pointer, silent)
        taken = np.flatnonzero((best <= bound) & (ends[:, 0] >= 0))
        if len(taken):
            taken = taken[np.argsort(doubt[taken], kind="stable")]  # of two that take one link, the sure one first
            found = _join(ends, taken, labels, doubt, edges, certified, found)
            continue
        queries = _in_doubt(lists, labels, pointer, silent, best)
        sizes = np.unique(labels, return_counts=True)[1]
        if most_per_component is None and len(sizes) <= MOST_COMPONENTS and _table_is_cheaper(sizes, len(queries)):
            links = searcher.component_links(np.unique(labels, return_inverse=True)[1].astype(np.int32))
            edges[found:] = link_tree(links.squared, links.ends)
            certified[found:] = True
            return BoruvkaTree(edges, certified, requeries + n - int(sizes.max()), rounds)
        if most_per_component is not None:
            queries, given_up = _thin(queries, labels, most_per_component)
            silent[given_up] = True
        positions, squared = searcher.nearest_components(queries, labels, k)
        lists.positions[queries] = positions
        lists.distances[queries] = np.sqrt(squared)
        lists.horizon[queries] = lists.distances[queries, -1]
        pointer[queries] = 0
        silent[queries] = False
        requeries += len(queries)
    return BoruvkaTree(edges, certified, requeries, rounds)


def _table_is_cheaper(sizes: np.ndarray, queries: int) -> bool:
    """Whether all pairs of points of different components are fewer than those of the queries with everyone."""
    n = int(sizes.sum())
    return (n * n - int((sizes.astype(np.int64) ** 2).sum())) // 2 <= queries * n


def _in_doubt(
    lists: NeighbourLists, labels: np.ndarray, pointer: np.ndarray, silent: np.ndarray, best: np.ndarray
) -> np.ndarray:
    """Points outside the largest component whose unlisted neighbours could be nearer than the best link known."""
    n, k = lists.positions.shape
    next_distance = lists.distances[np.arange(n), np.minimum(pointer, k - 1)]
    unsure = (pointer >= k) | (next_distance > lists.horizon)
    unsure &= (lists.horizon < best[labels]) & ~silent
    unsure &= labels != np.argmax(np.bincount(labels, minlength=n))
    return np.flatnonzero(unsure).astype(np.int32)


def _thin(queries: np.ndarray, labels: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` queries of each component, evenly spread over its positions; and those left out."""
    order = np.argsort(labels[queries], kind="stable")
    ordered = labels[queries][order]
    starts = np.searchsorted(ordered, ordered, side="left")
    sizes = np.searchsorted(ordered, ordered, side="right") - starts
    rank = np.arange(len(queries)) - starts
    kept = (rank * most) // np.maximum(sizes, most) != ((rank - 1) * most) // np.maximum(sizes, most)
    return np.sort(queries[order[kept]]), np.sort(queries[order[~kept]])


@compiled
def _links(
    positions: np.ndarray,
    distances: np.ndarray,
    horizon: np.ndarray,
    labels: np.ndarray,
    pointer: np.ndarray,
    silent: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What every component knows of its shortest link, by label. Ties go to the smaller pair of positions.

    Args:
        positions: int32 `[n, k]`, neighbour lists.
        distances: float32 `[n, k]`.
        horizon: float32 `[n]`.
        labels: int32 `[n]`, components.
        pointer: int32 `[n]`, each list's first place that may lie outside; moved past inside points.
        silent: bool `[n]`, points in doubt that are not to be asked.

    Returns:
        The shortest listed link's length float32 `[n]` and ends int32 `[n, 2]`, the least horizon of members in doubt
        float32 `[n]`, and whether there are silent members, bool `[n]`.
    """
    n, k = positions.shape
    best = np.full(n, np.inf, dtype=np.float32)
    ends = np.full((n, 2), -1, dtype=np.int32)
    bound = np.full(n, np.inf, dtype=np.float32)
    doubt = np.zeros(n, dtype=np.bool_)
    for i in range(n):
        label = labels[i]
        place = pointer[i]
        while place < k and positions[i, place] >= 0 and labels[positions[i, place]] == label:
            place += 1
        if place < k and positions[i, place] < 0:
            place = k
        pointer[i] = place
        if place == k or distances[i, place] > horizon[i]:
            if silent[i]:
                doubt[label] = True
            else:
                bound[label] = min(bound[label], horizon[i])
        if place < k:
            j = positions[i, place]
            low, high = min(i, j), max(i, j)
            for side in (label, labels[j]):
                length = distances[i, place]
                if length < best[side] or (
                    length == best[side] and (low < ends[side, 0] or (low == ends[side, 0] and high < ends[side, 1]))
                ):
                    best[side] = length
                    ends[side, 0] = low
                    ends[side, 1] = high
    return best, ends, bound, doubt


@compiled
def _join(
    ends: np.ndarray,
    taken: np.ndarray,
    labels: np.ndarray,
    doubt: np.ndarray,
    edges: np.ndarray,
    certified: np.ndarray,
    found: int,
) -> int:
    """Add the taken links that join two components, and give every component its smallest old label.

    Args:
        ends: int32 `[n, 2]`, each component's link.
        taken: int64, the components whose links are taken, in order.
        labels: int32 `[n]`, components; changed.
        doubt: bool `[n]`, components whose link is not certain.
        edges: int32 `[n - 1, 2]`, the tree so far; extended.
        certified: bool `[n - 1]`; extended.
        found: edges so far.

    Returns:
        The number of edges afterwards.
    """
    n = len(labels)
    root = np.arange(n, dtype=np.int32)
    for component in taken:
        a, b = labels[ends[component, 0]], labels[ends[component, 1]]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        if a != b:
            root[max(a, b)] = min(a, b)
            edges[found, 0] = ends[component, 0]
            edges[found, 1] = ends[component, 1]
            certified[found] = not doubt[component]
            found += 1
    for label in range(n):  # roots are smaller, so they are settled first
        root[label] = root[root[label]]
    for i in range(n):
        labels[i] = root[labels[i]]
    return found
