"""The minimum spanning tree of components, from the table of the shortest links between every two of them."""

import numpy as np

from tasks.compiled import compiled
from tasks.geometry.neighbours.component_links import shorter_link


@compiled
def link_tree(squared: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The links of a minimum spanning tree of the components, int32 `[c - 1, 2]`, by Prim's algorithm on the table.

    squared: float64 `[c, c]`, squared lengths of the shortest links. ends: int32 `[c, c, 2]`, their ends.
    """
    count = len(squared)
    chosen = np.empty((count - 1, 2), dtype=np.int32)
    nearest = np.zeros(count, dtype=np.int64)
    outside = np.ones(count, dtype=np.bool_)
    outside[0] = False
    for step in range(count - 1):
        best = -1
        for b in range(count):
            if outside[b] and (best < 0 or _nearer(squared, ends, nearest[b], b, nearest[best], best)):
                best = b
        chosen[step] = ends[nearest[best], best]
        outside[best] = False
        for b in range(count):
            if outside[b] and _nearer(squared, ends, best, b, nearest[b], b):
                nearest[b] = best
    return chosen


@compiled
def _nearer(squared: np.ndarray, ends: np.ndarray, a: int, b: int, c: int, d: int) -> bool:
    """Whether the link of components a and b comes before that of c and d."""
    return shorter_link(squared[a, b], ends[a, b, 0], ends[a, b, 1], squared[c, d], ends[c, d])
