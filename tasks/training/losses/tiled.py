"""The balanced contrastive loss of batches whose matrix of logits is too large to hold.

The logits `L_ij = s ⟨x_i, y_j⟩` are made a block of rows at a time and made again whenever they are asked for: once for
each half-step on the way forward, and once for each on the way back. What stays between is vectors, the potentials of
`potentials`. Memory is `O(n · tile)` for any number of half-steps, where the dense form holds two matrices `[n, n]`;
the price is the products `x yᵀ` made anew, `2 k + 1` of them.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from storage.errors import InputError
from tasks.training.distributed.ranks import ONCE, Ranks
from tasks.training.losses.exp_matrix import LogKernel
from tasks.training.losses.potentials import chains_of, gradient_terms, own_columns

TILED_FROM = 16_384
"""Batch from which the loss is computed in tiles: more logits on a rank than its square take 1 GiB in float32."""

_TILE_ELEMENTS = 1 << 21
"""Elements of a block on a processor: 8 MB of float32, and at a batch of 16,384 a product with 128 rows."""

_ACCELERATOR_TILE_ELEMENTS = 1 << 26


def too_large_to_hold(rows: int, columns: int) -> bool:
    """Whether logits `[rows, columns]` are at least as many as a batch of `TILED_FROM` in one process has."""
    return rows * columns >= TILED_FROM**2


def tiled_balanced_loss(
    image: Tensor, text: Tensor, scale: Tensor, steps: int, ranks: Ranks | None = None, *, tile: int | None = None
) -> Tensor:
    """`balanced_loss(scale * image @ text.T, steps)` and its gradients, without the matrix.

    Args:
        image: float32 or float64 `[m, d]`, the rows: all of them, or with ranks this rank's, equally many on all.
        text: of the same type, `[n, d]`, the columns, of all ranks.
        scale: a scalar.
        steps: k, the number of half-steps.
        ranks: the processes that share the rows; None: one process.
        tile: rows of a block; None: as many as make 8 MB on a processor, 256 MB on an accelerator (float32).

    Returns:
        A scalar, the loss of the whole batch. As with `balanced_loss`, gradients are those of the sum of what the ranks
        return. It can be differentiated once.
    """
    ranks = ranks or Ranks()
    if tile is None:
        elements = _TILE_ELEMENTS if image.device.type == "cpu" else _ACCELERATOR_TILE_ELEMENTS
        tile = max(1, elements // max(len(text), 1))
    return _TiledLoss.apply(image, text, scale, steps, ranks, tile)


class ProductLogits:
    """Logits `s x yᵀ` that are made when they are asked for."""

    def __init__(self, image: Tensor, text: Tensor, scale: Tensor, tile: int) -> None:
        self._image, self._text, self._scale, self._tile = image, text, scale, tile
        self.shape = (len(image), len(text))
        self.vector = image.new_empty(0)

    def blocks(self) -> Iterator[slice]:
        """Of `tile` rows."""
        for first in range(0, len(self._image), self._tile):
            yield slice(first, min(first + self._tile, len(self._image)))

    def block(self, rows: slice) -> Tensor:
        """`[b, n]`."""
        return (self._scale * self._image[rows]) @ self._text.T


class _TiledLoss(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx, image: Tensor, text: Tensor, scale: Tensor, steps: int, ranks: Ranks, tile: int
    ) -> Tensor:
        image, text, scale = image.detach(), text.detach(), scale.detach().to(image)
        chains = chains_of(LogKernel(ProductLogits(image, text, scale, tile), ranks), steps, ranks)
        ctx.save_for_backward(image, text, scale)
        ctx.chains, ctx.ranks, ctx.tile = chains, ranks, tile
        own = own_columns(len(image), ranks)
        diagonal = ((scale * image) * text[own]).sum(dim=1)
        balanced = image.new_zeros(())
        for chain in chains:
            last = chain.matrices[-1]
            balanced = balanced + (diagonal - last.f - last.g[own]).sum()
        return -ranks.total(balanced / (len(chains) * len(image) * ranks.size))

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[no-untyped-def]
        if torch.is_grad_enabled():
            raise InputError(ONCE)
        image, text, scale = ctx.saved_tensors
        size = len(image) * ctx.ranks.size
        kernel = LogKernel(ProductLogits(image, text, scale, ctx.tile), ctx.ranks)
        to_image, to_text = torch.empty_like(image), torch.zeros_like(text)
        first = own_columns(len(image), ctx.ranks).start
        for rows, block in kernel.gradient_blocks(gradient_terms(kernel, ctx.chains, size)):
            block.diagonal(first + rows.start)[: len(block)].sub_(1 / size)
            to_image[rows] = block @ text
            to_text.addmm_(block.T, image[rows])
        to_scale = (image * to_image).sum() * (gradient * ctx.ranks.size)
        factor = scale * gradient * ctx.ranks.size
        return to_image.mul_(factor), to_text.mul_(factor), to_scale, None, None, None
