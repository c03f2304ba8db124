"""Borůvka's spanning tree as a fixed sequence of tensor operations: for accelerators, where waiting costs most.

No value is read back by the host and no shape depends on the data, so it can live in a CUDA graph. `batch_prim` is the
same tree on a processor.
"""

import torch
from torch import Tensor

from tasks.training.floats import at_least_float32


def boruvka_edges(points: Tensor) -> Tensor:
    """Edges of the Euclidean minimum spanning tree, int64 `[n - 1, 2]`, each with the smaller index first, ascending.

    points: `[n, d]` on any device. `⌈log₂ n⌉` rounds: every component takes its shortest way out, ties broken by
    (length, smaller index, larger index), which makes the tree unique. Distances are taken from differences of the
    centred points, so short ones are not lost to cancellation. Memory: three `[n, n]` matrices.
    """
    n = len(points)
    if n < 2:
        return torch.empty((0, 2), dtype=torch.int64, device=points.device)
    wide = at_least_float32(points.detach())
    wide = wide - wide.mean(dim=0)
    distances = torch.cdist(wide, wide, compute_mode="donot_use_mm_for_euclid_dist")
    rounds = (n - 1).bit_length()
    vertices = torch.arange(n, device=points.device)
    component = vertices
    chosen = []
    for _ in range(rounds):
        codes, component = _round(distances, vertices, component, rounds)
        chosen.append(codes)
    codes = torch.cat(chosen).sort().values[: n - 1]
    codes = torch.where(codes < n * n, codes, 0)  # short only when points are not finite
    return torch.stack([codes // n, codes % n], dim=1)


def _round(distances: Tensor, vertices: Tensor, component: Tensor, jumps: int) -> tuple[Tensor, Tensor]:
    """One round: codes `low · n + high` of the edges taken, `[n]` filled up with `n²`; and the merged components."""
    n = len(vertices)
    outside = torch.where(component[:, None] == component[None, :], torch.inf, distances)
    nearest = outside.amin(dim=1)
    neighbour = torch.where(outside == nearest[:, None], vertices, n).amin(dim=1)
    ways_out = nearest.new_full((n,), torch.inf).scatter_reduce(0, component, nearest, "amin")
    best = (nearest == ways_out[component]) & (nearest < torch.inf) & (neighbour < n)
    codes = torch.minimum(vertices, neighbour) * n + torch.maximum(vertices, neighbour)
    codes = torch.where(best, codes, n * n)
    taken = torch.full_like(vertices, n * n).scatter_reduce(0, component, codes, "amin")
    ends = torch.stack([taken // n, taken % n]).clamp(max=n - 1)
    ends = component[ends]
    found = taken < n * n
    parent = torch.where(found, ends[0] + ends[1] - vertices, vertices)  # the end that is not the component itself
    root = (parent[parent] == vertices) & (vertices <= parent)  # of two that chose the same edge, one stays
    parent = torch.where(root, vertices, parent)
    taken = torch.where(parent == vertices, n * n, taken)
    for _ in range(jumps):
        parent = parent[parent]
    return taken, parent[component]
