"""The balanced contrastive loss and its gradient by potentials: one extra matrix, whatever the number of half-steps.

After half-step t of alternating normalisation the logits are `L_ij - f_i - g_j`, where a half-step over rows replaces
`f` by `lse_j(L_ij - g_j)` and one over columns `g` by `lse_i(L_ij - f_i)`. The forward pass is therefore two chains of
vectors, one from either side; the backward pass walks them in reverse, and the gradient is a sum of rescaled copies of
one matrix. The two chains do opposite half-steps at any time, so each pass over the matrix serves both.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from storage.errors import InputError
from tasks.training.distributed.ranks import ONCE, Ranks
from tasks.training.losses.exp_matrix import Balanced, HeldLogits, LogKernel, ScalingKernel, Term
from tasks.training.losses.unrolled import unrolled_loss


def balanced_loss(logits: Tensor, steps: int, ranks: Ranks | None = None) -> Tensor:
    """The loss and gradient of `unrolled_loss`, in one matrix of extra memory, which becomes the gradient.

    logits: float32 or float64. One process: `[n, n]`. With ranks: this rank's rows `[n / W, n]`, equally many on all
    ranks. Every rank returns the loss of the whole batch; its gradient is that of the *sum* of what the ranks return, W
    times the loss, so that averaging over ranks, as data-parallel training does, gives the gradient of one process.
    """
    return _BalancedLoss.apply(logits, steps, ranks or Ranks())


class Chain(NamedTuple):
    """One side's way: the matrix after every half-step, and whether each went over rows."""

    matrices: list[Balanced]
    over_rows: list[bool]


class _BalancedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits: Tensor, steps: int, ranks: Ranks) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(logits)
        logits = logits.detach()
        kernel, chains = _solve(logits, steps, ranks)
        ctx.kernel, ctx.chains, ctx.steps, ctx.ranks = kernel, chains, steps, ranks
        own = own_columns(len(logits), ranks)
        balanced = logits.new_zeros(())
        for chain in chains:
            last = chain.matrices[-1]
            balanced = balanced + (logits.diagonal(own.start) - last.f - last.g[own]).sum()
        return -ranks.total(balanced / (len(chains) * len(logits) * ranks.size))

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[no-untyped-def]
        (logits,) = ctx.saved_tensors
        if torch.is_grad_enabled():  # `create_graph`: the gradient will be differentiated, which the definition can be
            if ctx.ranks.group is not None:
                raise InputError(ONCE)
            (whole,) = torch.autograd.grad(unrolled_loss(logits, ctx.steps), logits, gradient, create_graph=True)
            return whole, None, None
        logits = logits.detach()
        kernel, ctx.kernel = ctx.kernel, None  # its memory becomes the gradient; a second backward makes another
        if kernel is None:
            kernel, _ = _solve(logits, ctx.steps, ctx.ranks)
        terms = gradient_terms(kernel, ctx.chains, len(logits) * ctx.ranks.size)
        whole = kernel.gradient(terms)
        offset = own_columns(len(logits), ctx.ranks).start
        whole.diagonal(offset)[: len(logits)].sub_(1 / (len(logits) * ctx.ranks.size))
        return whole.mul_(gradient * ctx.ranks.size), None, None


def own_columns(rows: int, ranks: Ranks) -> slice:
    """The columns of this rank's own pairs, where every rank holds so many rows."""
    return slice(ranks.index * rows, (ranks.index + 1) * rows)


def _solve(logits: Tensor, steps: int, ranks: Ranks) -> tuple[ScalingKernel | LogKernel, list[Chain]]:
    """The chains, by the scaling kernel where it is exact; by the log kernel, which never waits, on accelerators.

    A compiled graph takes the log kernel too: whether the other is exact is told by numbers, which would break it.
    """
    if logits.device.type == "cpu" and not torch.compiler.is_compiling():
        kernel = ScalingKernel(logits, ranks)
        chains = chains_of(kernel, steps, ranks)
        if kernel.exact:
            return kernel, chains
        del kernel
    safe = LogKernel(HeldLogits(logits), ranks)
    return safe, chains_of(safe, steps, ranks)


def chains_of(kernel: ScalingKernel | LogKernel, steps: int, ranks: Ranks) -> list[Chain]:
    """The ways from either side; for k = 0 the one joint normalisation."""
    over_rows, over_columns = kernel.start()
    if steps == 0:
        f = over_rows.f
        peak = ranks.maximum(f.max())
        joint = ranks.total((f - peak).exp().sum()).log() + peak
        return [Chain([Balanced(joint.expand(len(f)), over_rows.g)], [True])]
    pair = (Chain([over_rows], [True]), Chain([over_columns], [False]))
    for step in range(1, steps):
        to_rows, to_columns = pair[step % 2], pair[1 - step % 2]  # who goes over rows now, and over columns
        f, g = kernel.half_step(to_rows.matrices[-1].g, to_columns.matrices[-1].f)
        to_rows.matrices.append(Balanced(f, to_rows.matrices[-1].g))
        to_columns.matrices.append(Balanced(to_columns.matrices[-1].f, g))
        to_rows.over_rows.append(True)
        to_columns.over_rows.append(False)
    return list(pair)


def gradient_terms(kernel: ScalingKernel | LogKernel, chains: list[Chain], size: int) -> list[Term]:
    """The gradient of the balanced part, `+½ mean(f + g)` of either chain, as terms of rescaled matrices.

    Half-step t with adjoint `a` of its potential adds `a_i P^t_ij` (rows) or `P^t_ij a_j` (columns), and passes
    `-Σ_i a_i P^t_ij` or `-Σ_j P^t_ij a_j` on to the potential of the other axis that it took in.
    """
    steps = len(chains[0].matrices)
    if len(chains) == 1:
        return [Term(chains[0].matrices[0], None, None)]
    share = 1 / (2 * size)
    adjoints = [_constant(chain, share) for chain in chains]
    terms = []
    for step in reversed(range(steps)):
        for chain, adjoint in zip(chains, adjoints, strict=True):
            rows = adjoint if chain.over_rows[step] else None
            terms.append(Term(chain.matrices[step], rows, None if chain.over_rows[step] else adjoint))
        if step == 0:
            break
        over_rows, over_columns = (0, 1) if chains[0].over_rows[step] else (1, 0)
        to_f, to_g = kernel.adjoint(
            chains[over_columns].matrices[step],
            adjoints[over_columns],
            chains[over_rows].matrices[step],
            adjoints[over_rows],
        )
        own = share if step == steps - 1 else 0.0  # the last two potentials are in the loss itself
        adjoints[over_rows], adjoints[over_columns] = own - to_g, own - to_f
    return terms


def _constant(chain: Chain, value: float) -> Tensor:
    last = chain.matrices[-1]
    return torch.full_like(last.f if chain.over_rows[-1] else last.g, value)
