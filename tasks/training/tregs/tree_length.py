"""The length of a given tree and its gradient: on a processor in one pass over the edges each way."""

import numpy as np
import torch
from torch import Tensor

from tasks.arrays import Int64s, Reals
from tasks.compiled import FASTMATH, compiled
from tasks.training.operators import processor_operator

SQUARABLE = 1e-30
"""Squared distances below this, or infinite, are measured again in units of their largest coordinate."""


def tree_length(points: Tensor, edges: Tensor) -> Tensor:
    """`Σ_(i,j) ‖z_i - z_j‖` over edges int64 `[m, 2]` of points `[n, d]`, differentiable by the points.

    An edge of length zero has a zero gradient. Returns a scalar of the points' type.
    """
    return _EdgeLengths.apply(points, edges).sum() if points.device.type == "cpu" else indexed_length(points, edges)


def indexed_length(points: Tensor, edges: Tensor) -> Tensor:
    """The same in torch's own operations, for accelerators: nothing is read back by the host."""
    return _indexed_lengths(points, edges).sum()


def _indexed_lengths(points: Tensor, edges: Tensor) -> Tensor:
    ends = points.index_select(0, edges[:, 0]) - points.index_select(0, edges[:, 1])  # indexing's backward is slower
    largest = ends.detach().abs().amax(dim=1, keepdim=True)
    unit = torch.where(largest > 0, largest, 1)  # squares of large or small numbers would leave the range
    return torch.linalg.vector_norm(ends / unit, dim=1) * unit.squeeze(1)


class _EdgeLengths(torch.autograd.Function):
    """`[m]`; in two parts, forward and context, as `torch.func` asks for."""

    @staticmethod
    def forward(points: Tensor, edges: Tensor) -> Tensor:
        return edge_lengths(points.detach(), edges)

    @staticmethod
    def setup_context(ctx, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        points, edges, lengths = ctx.saved_tensors
        if torch.is_grad_enabled():  # `create_graph`: the gradient will be differentiated, and the kernel cannot be
            pull = torch.func.vjp(lambda each: _indexed_lengths(each, edges), points)[1]
            (total,) = pull(gradient)
            return total, None
        pulls = torch.where(lengths == 0, 0.0, gradient.double() / lengths.double())  # of a tiny length, beyond float32
        return edge_pulls(points.detach(), edges, pulls), None


@processor_operator(
    "edge_lengths(Tensor points, Tensor edges) -> Tensor", lambda points, edges: points.new_empty(len(edges))
)
def edge_lengths(points: Tensor, edges: Tensor) -> Tensor:
    """`‖z_i - z_j‖` of every edge `[m]`, on a processor."""
    lengths = points.new_empty(len(edges))
    _measure(points.contiguous().numpy(), edges.numpy(), lengths.numpy())
    return lengths


@processor_operator(
    "edge_pulls(Tensor points, Tensor edges, Tensor pulls) -> Tensor",
    lambda points, edges, pulls: torch.empty_like(points, memory_format=torch.contiguous_format),
)
def edge_pulls(points: Tensor, edges: Tensor, pulls: Tensor) -> Tensor:
    """What edges that pull with `pulls [m]` over their length do to the points, `[n, d]`, on a processor."""
    total = torch.zeros_like(points, memory_format=torch.contiguous_format)
    _pull(points.contiguous().numpy(), edges.numpy(), pulls.numpy(), total.numpy())
    return total


@compiled
def _scaled_length(first: Reals, second: Reals) -> np.floating:
    """`‖first - second‖` of two points whose squared distance leaves the range of their type."""
    largest = first.dtype.type(0)
    for axis in range(len(first)):
        largest = max(largest, abs(first[axis] - second[axis]))
    if not 0 < largest < np.inf:
        return largest
    squared = first.dtype.type(0)
    for axis in range(len(first)):
        share = (first[axis] - second[axis]) / largest
        squared += share * share
    return largest * np.sqrt(squared)


@compiled(fastmath=FASTMATH)
def _measure(points: Reals, edges: Int64s, lengths: Reals) -> None:
    """`lengths[e] = ‖z_i - z_j‖` of edge e = (i, j). points: `[n, d]`; edges: `[m, 2]`; lengths: `[m]`, filled here."""
    for edge in range(len(edges)):
        first, second = points[edges[edge, 0]], points[edges[edge, 1]]
        squared = first.dtype.type(0)
        for axis in range(len(first)):
            difference = first[axis] - second[axis]
            squared += difference * difference
        if squared < SQUARABLE or squared == np.inf:
            lengths[edge] = _scaled_length(first, second)
        else:  # NaN, too
            lengths[edge] = np.sqrt(squared)


@compiled
def _pull(points: Reals, edges: Int64s, pulls: Reals, total: Reals) -> None:
    """`total[i] += pull (z_i - z_j)` and the opposite at j, for every edge; `pull` is the gradient over the length.

    points, total: `[n, d]`; edges: `[m, 2]`; pulls: `[m]`.
    """
    for edge in range(len(edges)):
        i, j, pull = edges[edge, 0], edges[edge, 1], pulls[edge]
        for axis in range(points.shape[1]):
            share = pull * (points[i, axis] - points[j, axis])
            total[i, axis] += share
            total[j, axis] -= share
