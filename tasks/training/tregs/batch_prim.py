"""The exact minimum spanning tree of one batch of points, small enough for all pairs: at most some ten thousand.

The batch is centred and its Gram matrix taken in its own precision, float32 for most. A Gram matrix loses short
distances to cancellation, so any squared distance that is small beside the norms it came from is measured again from
the coordinates. Duplicates are then exactly 0 apart, and tight clusters keep their order.

Its neighbours: `batch_boruvka`, the same tree on accelerators; `geometry.tree.prim` and `geometry.tree.boruvka`, for
whole data sets, measured in float64 or certified.
"""

import math

import numpy as np
import torch
from torch import Tensor

from tasks.arrays import Int64s, Reals
from tasks.compiled import FASTMATH, compiled
from tasks.geometry.neighbours.gram import symmetric_product
from tasks.training.floats import at_least_float32
from tasks.training.operators import processor_operator
from tasks.training.tregs.batch_boruvka import boruvka_edges

CANCELLATION = 1e-2
"""A squared distance below this share of the two squared norms is measured again: float32 leaves it under 5 digits."""

_FAR = 1e30


def minimum_spanning_edges(points: Tensor) -> Tensor:
    """Edges of the Euclidean minimum spanning tree, int64 `[n - 1, 2]` on the points' device, without gradient.

    points: `[n, d]`, any type. On a processor by Prim's algorithm, `O(n² + n² d)` with one Gram matrix, float64 for
    float64 points and float32 for all others;
    on an accelerator by Borůvka's, in a fixed number of rounds. Non-finite points give some spanning tree.
    """
    points = points.detach()
    if len(points) < 2:
        return torch.empty((0, 2), dtype=torch.int64, device=points.device)
    if points.device.type != "cpu":
        return boruvka_edges(points)
    return prim_edges(at_least_float32(points))


def _no_edges(points: Tensor) -> Tensor:
    return points.new_empty((len(points) - 1, 2), dtype=torch.int64)


@processor_operator("prim_edges(Tensor points) -> Tensor", _no_edges)
def prim_edges(points: Tensor) -> Tensor:
    """`minimum_spanning_edges` of at least two points `[n, d]`, float32 or float64, on a processor."""
    centred = _squarable(points)
    precision = np.float64 if centred.dtype == torch.float64 else np.float32
    gram = symmetric_product(centred).numpy()
    return torch.from_numpy(_prim(gram, centred.numpy(), precision(CANCELLATION), precision(_FAR)))


def _squarable(points: Tensor) -> Tensor:
    """Centred, and where squares would leave float32's range divided by a power of two, which rounds nothing."""
    centred = (points - points.mean(dim=0)).contiguous()
    low, high = torch.aminmax(centred)
    largest = max(-low.item(), high.item())
    if 1e-9 < largest < 1e9 or largest == 0 or not math.isfinite(largest):
        return centred
    return torch.ldexp(centred, torch.tensor(-math.frexp(largest)[1]))


@compiled(fastmath=FASTMATH)
def _prim(gram: Reals, points: Reals, cancellation: np.floating, far: np.floating) -> Int64s:
    """Prim from point 0. `outside[j]` is set far away once j is in the tree: the inner loops then need no branches.

    gram: `[n, n]` of points `[n, d]`. With `G` the Gram matrix and `N_j = G_jj`, a squared distance is
    `N_i + N_j - 2 G_ij`, unless that is below `cancellation · (N_i + N_j)`: then it is `Σ (x_i - x_j)²`.
    """
    n, d = points.shape
    edges = np.empty((n - 1, 2), dtype=np.int64)
    norm = np.empty(n, dtype=gram.dtype)
    for j in range(n):
        norm[j] = gram[j, j]
    outside = norm.copy()
    best = np.full(n, far, dtype=gram.dtype)
    parent = np.zeros(n, dtype=np.int32)
    row = np.empty(n, dtype=gram.dtype)
    current = 0
    for step in range(n - 1):
        outside[current] = far
        best[current] = far
        base = norm[current]
        cancelled = 0
        for j in range(n):
            row[j] = base + outside[j] - (gram[current, j] + gram[current, j])
            cancelled += row[j] < cancellation * (base + outside[j])
        if cancelled > 0:
            for j in range(n):
                if row[j] < cancellation * (base + outside[j]):
                    total = gram.dtype.type(0)
                    for axis in range(d):
                        difference = points[current, axis] - points[j, axis]
                        total += difference * difference
                    row[j] = total
        nearest = far
        for j in range(n):
            closer = row[j] < best[j]
            best[j] = row[j] if closer else best[j]
            parent[j] = current if closer else parent[j]
            nearest = min(nearest, best[j])
        following = -1
        for j in range(n):
            if best[j] == nearest and outside[j] < far:
                following = j
                break
        if following < 0:  # only when the points are not finite
            for j in range(n):
                if outside[j] != far:
                    following = j
                    break
        edges[step, 0] = parent[following]
        edges[step, 1] = following
        current = following
    return edges
