"""Near-duplicates: single-linkage groups, by cutting the spanning tree at a distance."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tasks.geometry.tree.mst import SpanningTree


@dataclass(frozen=True)
class DuplicateGroups:
    """Groups of two or more points.

    positions: int64 `[m]`, their members, ascending. group: int64 `[m]`, the first member of each one's group, its
    representative. groups: how many groups there are.
    """

    positions: np.ndarray
    group: np.ndarray
    groups: int


def duplicate_groups(tree: SpanningTree, distance: float) -> DuplicateGroups:
    """Points joined by tree edges no longer than `distance`.

    These are the components of the graph of *all* pairs within that distance (single linkage), because a minimum
    spanning tree joins any two points by a path whose longest step is the least possible.
    """
    n = len(tree.edges) + 1
    edges = tree.edges[tree.lengths <= distance]
    graph = coo_matrix((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    _, first, inverse, counts = np.unique(label, return_index=True, return_inverse=True, return_counts=True)
    member = np.flatnonzero(counts[inverse] > 1)
    return DuplicateGroups(member, first[inverse[member]], int((counts > 1).sum()))
