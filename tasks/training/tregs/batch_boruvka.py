"""Borůvka's spanning tree as a fixed sequence of tensor operations: for accelerators, where waiting costs most.

No value is read back by the host and no shape depends on the data, so it can live in a CUDA graph. `batch_prim` is the
same tree on a processor.
"""

import torch
from torch import Tensor

from tasks.training.floats import at_least_float32

_BLOCK_ELEMENTS = 1 << 24


def boruvka_edges(points: Tensor) -> Tensor:
    """Edges of the Euclidean minimum spanning tree, int64 `[n - 1, 2]`, each with the smaller index first, ascending.

    points: `[n, d]` on any device. `⌈log₂ n⌉` rounds: every component takes its shortest way out, ties broken by
    (length, smaller index, larger index), which makes the tree unique. Short distances are not lost to cancellation.
    Memory: three `[n, n]` matrices.
    """
    n = len(points)
    if n < 2:
        return torch.empty((0, 2), dtype=torch.int64, device=points.device)
    wide = at_least_float32(points.detach())
    if wide.device.type == "cuda" and wide.dtype == torch.float32:
        return tree_of(distances_by_product(wide))
    wide = wide - wide.mean(dim=0)
    return tree_of(torch.cdist(wide, wide, compute_mode="donot_use_mm_for_euclid_dist"))


def distances_by_product(points: Tensor) -> Tensor:
    """Distances of float32 points `[n, d]` from inner products in float64, symmetric, float32 `[n, n]`.

    By arithmetic a float64 product takes a small part of what CUDA's kernel of differences takes, which is no product
    of matrices, on cards for data centres, and about as much on others; `benchmarks.gpu` times both. An error of
    float64 in a squared distance is one of 3e-8 of the points' norm in a distance that should be 0: about what float32
    coordinates themselves can tell apart.
    """
    n = len(points)
    wide = points.double()
    wide = wide - wide.mean(dim=0)
    norms = wide.square().sum(dim=1)
    found = points.new_empty(n, n)
    height = max(1, _BLOCK_ELEMENTS // n)
    for first in range(0, n, height):
        rows = slice(first, min(n, first + height))
        squared = torch.addmm(norms, wide[rows], wide.T, alpha=-2).add_(norms[rows, None])
        found[rows] = squared.clamp_(min=0).sqrt_()
    return torch.minimum(found, found.T)  # a product need not be symmetric to the last bit, and the tree must be


def tree_of(distances: Tensor) -> Tensor:
    """The tree of symmetric distances `[n, n]`, as `boruvka_edges` gives it."""
    n = len(distances)
    vertices = torch.arange(n, device=distances.device)
    never = (distances.new_full((), torch.inf), vertices.new_full((), n * n))
    component = vertices
    chosen = []
    for jumps in range((n - 1).bit_length(), 0, -1):
        codes, component = _round(distances, vertices, component, jumps, never)
        chosen.append(codes)
    codes = torch.cat(chosen).sort().values[: n - 1]
    codes = torch.where(codes < n * n, codes, 0)  # short only when points are not finite
    return torch.stack([codes // n, codes % n], dim=1)


def _round(
    distances: Tensor, vertices: Tensor, component: Tensor, jumps: int, never: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """One round: codes `low · n + high` of the edges taken, `[n]` filled up with `n²`; and the merged components.

    Args:
        distances: `[n, n]`.
        vertices: `0 … n - 1`.
        component: of every vertex, the number of one of its vertices.
        jumps: at most `2^jumps` components are left.
        never: infinity and `n²`, which stand for no distance and no edge.
    """
    n = len(vertices)
    infinite, no_edge = never
    outside = torch.where(component[:, None] == component[None, :], infinite, distances)
    nearest, neighbour = outside.min(dim=1)  # of several, the first
    ways_out = nearest.new_full((n,), torch.inf).scatter_reduce_(0, component, nearest, "amin")
    best = (nearest == ways_out[component]) & (nearest < torch.inf)
    codes = torch.minimum(vertices, neighbour) * n + torch.maximum(vertices, neighbour)
    codes = torch.where(best, codes, no_edge)
    taken = torch.full_like(vertices, n * n).scatter_reduce_(0, component, codes, "amin")
    found = taken < n * n
    low = (taken // n).clamp_(max=n - 1)
    ends = component[low] + component[taken % n]
    parent = torch.where(found, ends - vertices, vertices)  # the end that is not the component itself
    root = (parent[parent] == vertices) & (vertices <= parent)  # of two that chose the same edge, one stays
    parent = torch.where(root, vertices, parent)
    taken = torch.where(parent == vertices, no_edge, taken)
    for _ in range(jumps):
        parent = parent[parent]
    return taken, parent[component]
