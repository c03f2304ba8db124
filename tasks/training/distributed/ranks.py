"""Sums and maxima over the ranks of a distributed training, and the features of all ranks with their gradients."""

from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor

from storage.errors import InputError

ONCE = (
    "this loss gives first derivatives only where its batch is spread over ranks, or too large to be held: leave out "
    "create_graph, or take balanced_contrastive_loss of logits in one process"
)
"""For second derivatives, which would come out as zero otherwise: autograd takes what it cannot follow as constant."""


@dataclass(frozen=True)
class Ranks:
    """The processes that share a batch; `group` None is one process alone."""

    group: torch.distributed.ProcessGroup | None = None

    @property
    def size(self) -> int:
        """How many ranks."""
        return torch.distributed.get_world_size(self.group) if self.group is not None else 1

    @property
    def index(self) -> int:
        """Which rank this is."""
        return torch.distributed.get_rank(self.group) if self.group is not None else 0

    def part(self, count: int) -> slice:
        """This rank's part of `count` rows, a multiple of the number of ranks."""
        return slice(self.index * count // self.size, (self.index + 1) * count // self.size)

    def total(self, values: Tensor) -> Tensor:
        """The sum over ranks, on every rank; without gradient."""
        return self._reduced(values, torch.distributed.ReduceOp.SUM)

    def maximum(self, values: Tensor) -> Tensor:
        """The maximum over ranks, on every rank; without gradient."""
        return self._reduced(values, torch.distributed.ReduceOp.MAX)

    def gather(self, features: Tensor) -> Tensor:
        """The features of all ranks in order, `[W · b, d]`, with gradient: every rank's loss reaches every feature."""
        return features if self.group is None else _Gather.apply(features, self)

    def _reduced(self, values: Tensor, operation: torch.distributed.ReduceOp.RedOpType) -> Tensor:
        if self.group is None:
            return values
        reduced = values.detach().clone(memory_format=torch.contiguous_format)
        torch.distributed.all_reduce(reduced, operation, group=self.group)
        return reduced


def all_ranks() -> Ranks:
    """Every rank of the default group, or one process where none was set up."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return Ranks()
    if torch.distributed.get_world_size() == 1:
        return Ranks()
    return Ranks(torch.distributed.group.WORLD)


class _Gather(torch.autograd.Function):
    """All-gather whose backward sums the gradients that all ranks have for this rank's features."""

    @staticmethod
    def forward(ctx, features: Tensor, ranks: Ranks) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.ranks = ranks
        parts = [torch.empty_like(features) for _ in range(ranks.size)]
        torch.distributed.all_gather(parts, features.contiguous(), group=ranks.group)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        if torch.is_grad_enabled():
            raise InputError(ONCE)
        total = ctx.ranks.total(gradient)
        return total.chunk(ctx.ranks.size)[ctx.ranks.index], None
