"""The exact Euclidean minimum spanning tree by Prim's algorithm, from coordinates.

Two ways to the same tree. Up to some thousand points a float32 Gram matrix, which costs little, serves as a *filter*:
a pair whose distance it bounds from below beyond what matters is passed over, and every distance that could matter is
measured from the coordinates' differences in float64. Beyond that no matrix is held: distances are float32
differences, computed as they are needed. Differences, unlike Gram matrices and `torch.cdist`, are right for offset
points, tight clusters and collapsed batches.

`boruvka` in this folder is for more points than that: it starts from neighbour lists instead of all pairs. A training
batch has its own pair in `tasks/training/tregs/`, `batch_prim` on a processor and `batch_boruvka` on an accelerator,
which are faster for a few hundred points and measure again only what float32 leaves in doubt.
"""

import numpy as np
import torch

from tasks.compiled import FASTMATH, compiled
from tasks.geometry.neighbours.block_filter import BLOCK
from tasks.geometry.neighbours.gram import symmetric_product
from tasks.geometry.neighbours.squared_distances import differences_float32, differences_float64, gram_error_factor

GRAM_LIMIT = 8_192
"""Points up to which a Gram matrix is held: 256 MB."""

_FAR = np.float32(3e38)


def prim(points: np.ndarray, *, gram_limit: int = GRAM_LIMIT) -> tuple[np.ndarray, np.ndarray]:
    """Edges int32 `[n - 1, 2]` and their lengths float64 `[n - 1]` of a minimum spanning tree of `points [n, d]`.

    points: float32, C-contiguous, finite. `O(n² d)` time; memory `4 n²` bytes up to `gram_limit` points, `O(n)` beyond.
    The tree is exact where a Gram matrix is used, and exact up to float32 rounding of single distances (relative
    `3e-7 · √d`, no cancellation) beyond. Its lengths are measured in float64 either way.
    """
    n = len(points)
    if n < 2:
        return np.empty((0, 2), np.int32), np.empty(0)
    edges = np.empty((n - 1, 2), np.int32)
    lengths = np.empty(n - 1)
    if n <= gram_limit:
        centred = torch.from_numpy(points - (np.ones(n, np.float32) @ points) / np.float32(n))
        gram = symmetric_product(centred).numpy()
        _prim_filtered(points, gram, gram_error_factor(points.shape[1]), edges, lengths)
    else:
        _prim_fused(points, edges, lengths)
    return edges, lengths


@compiled(fastmath=FASTMATH)
def _prim_filtered(
    points: np.ndarray, gram: np.ndarray, factor: np.float32, edges: np.ndarray, lengths: np.ndarray
) -> None:
    """Prim from point 0, in blocks of points: most steps leave most blocks as they were.

    A pair can matter only if `(1 − factor) (‖x‖² + ‖y‖²) − 2⟨x, y⟩ ≤ best[y]`; with y's share of the left-hand side
    taken to the right, into `bar[y]`, the loop over all points is one multiplication and one comparison.

    points: float32 `[n, d]`. gram: float32 `[n, n]`, of the centred points. factor: `gram_error_factor(d)`. edges:
    int32 `[n - 1, 2]` and lengths: float64 `[n - 1]`, filled here.
    """
    n = len(points)
    best = np.full(n, np.inf)  # squared distance to the tree; in the tree: infinite
    bar = np.full(n, _FAR, dtype=np.float32)
    share = np.empty(n, dtype=np.float32)
    for j in range(n):
        share[j] = gram[j, j] * (np.float32(1) - factor)
    parent = np.zeros(n, dtype=np.int32)
    blocks = (n + BLOCK - 1) // BLOCK
    nearest = np.full(blocks, np.inf)  # of each block
    current = 0
    bar[0] = -_FAR
    for step in range(n - 1):
        own = share[current]
        row = gram[current]
        for block in range(blocks):
            first = block * BLOCK
            if not _any_below(own, row, bar, first):
                continue
            for j in range(first, min(n, first + BLOCK)):
                if own - np.float32(2) * row[j] <= bar[j]:
                    squared = differences_float64(points, current, j)
                    if squared < best[j]:
                        best[j] = squared
                        parent[j] = current
                        bar[j] = np.float32(squared * (1 + 1e-6)) - share[j]
                        nearest[block] = min(nearest[block], squared)
        chosen = int(np.argmin(nearest))
        first = chosen * BLOCK
        last = min(n, first + BLOCK)
        following = first + int(np.argmin(best[first:last]))
        edges[step, 0] = parent[following]
        edges[step, 1] = following
        lengths[step] = np.sqrt(best[following])
        current = following
        best[current] = np.inf
        bar[current] = -_FAR
        nearest[chosen] = best[first:last].min()


@compiled(fastmath=FASTMATH)
def _any_below(own: np.float32, row: np.ndarray, bar: np.ndarray, first: int) -> bool:
    """Whether any of a block comes under its bar; as `block_filter.passing_blocks`, with a bar for every column."""
    hits = np.int32(0)
    if first + BLOCK <= len(row):
        dots, bars = row[first : first + BLOCK], bar[first : first + BLOCK]
        for j in range(BLOCK):
            hits += np.int32(own - np.float32(2) * dots[j] <= bars[j])
    else:
        for j in range(first, len(row)):
            hits += np.int32(own - np.float32(2) * row[j] <= bar[j])
    return bool(hits > 0)


@compiled(fastmath=FASTMATH)
def _prim_fused(points: np.ndarray, edges: np.ndarray, lengths: np.ndarray) -> None:
    """Prim from point 0; the points still outside are kept side by side, so that each step reads only those."""
    n = len(points)
    outside = points.copy()
    name = np.arange(n, dtype=np.int32)
    best = np.full(n, _FAR, dtype=np.float32)
    parent = np.zeros(n, dtype=np.int32)
    left = n
    chosen = 0
    latest = points[0].copy()
    latest_name = np.int32(0)
    for step in range(n - 1):
        left -= 1
        outside[chosen] = outside[left]
        name[chosen] = name[left]
        best[chosen] = best[left]
        parent[chosen] = parent[left]
        nearest = _FAR
        chosen = 0
        for j in range(left):
            squared = differences_float32(latest, outside[j])
            if squared < best[j]:
                best[j] = squared
                parent[j] = latest_name
            if best[j] < nearest or (best[j] == nearest and name[j] < name[chosen]):
                nearest = best[j]
                chosen = j
        latest_name = name[chosen]
        latest[:] = outside[chosen]
        edges[step, 0] = parent[chosen]
        edges[step, 1] = latest_name
        lengths[step] = np.sqrt(differences_float64(points, parent[chosen], latest_name))
