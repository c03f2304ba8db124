"""The losses as modules: with open_clip's contract, and T-REG and its neighbours on batches spread over ranks."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from storage.errors import InputError
from tasks.arguments import not_negative
from tasks.training.distributed.ranks import Ranks, all_ranks
from tasks.training.floats import at_least_float32
from tasks.training.losses.balanced import Gradient, balanced_contrastive_loss, checked_half_steps
from tasks.training.losses.potentials import balanced_loss
from tasks.training.losses.tiled import tiled_balanced_loss, too_large_to_hold
from tasks.training.tregs.treg import treg


class BalancedClipLoss(nn.Module):
    """The balanced contrastive loss in place of `open_clip.ClipLoss`, exact over ranks.

    half_steps: k; 1 is CLIP's loss. gradient: "unrolled", or "surrogate" for k = 2.
    local_loss: True holds this rank's rows of the logits, `[b, W b]`; False the whole matrix on every rank. Both give
        the gradient of one process with the whole batch once the ranks' gradients are averaged, as DDP does; features
        are always gathered with their gradients.

    Example:
        >>> import torch
        >>> from equipoise import BalancedClipLoss
        >>> loss = BalancedClipLoss(half_steps=2)
        >>> image, text = torch.eye(4), torch.eye(4)
        >>> round(loss(image, text, logit_scale=torch.tensor(10.0)).item(), 4)
        0.0001
    """

    def __init__(self, half_steps: int = 1, gradient: Gradient = "unrolled", *, local_loss: bool = True) -> None:
        super().__init__()
        self.half_steps = checked_half_steps(half_steps, gradient)
        self.gradient, self.local_loss = gradient, local_loss

    def forward(
        self,
        image_features: Tensor,
        text_features: Tensor,
        logit_scale: Tensor | float,
        logit_bias: Tensor | float | None = None,
        output_dict: bool = False,
    ) -> Tensor | dict[str, Tensor]:
        """The whole batch's loss.

        Args:
            image_features: L2-normalised, `[b, d]`, of this rank.
            text_features: L2-normalised, `[b, d]`, of this rank.
            logit_scale: the scale, not its logarithm.
            logit_bias: added to every logit; a constant, which changes nothing.
            output_dict: return `{"contrastive_loss": loss}`, as open_clip's losses do.
        """
        loss = distributed_contrastive_loss(
            image_features,
            text_features,
            logit_scale,
            logit_bias,
            half_steps=self.half_steps,
            gradient=self.gradient,
            local=self.local_loss,
        )
        return {"contrastive_loss": loss} if output_dict else loss

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"half_steps={self.half_steps}, gradient={self.gradient!r}, local_loss={self.local_loss}"


def distributed_contrastive_loss(
    image_features: Tensor,
    text_features: Tensor,
    logit_scale: Tensor | float,
    logit_bias: Tensor | float | None = None,
    *,
    half_steps: int = 1,
    gradient: Gradient = "unrolled",
    local: bool = True,
    ranks: Ranks | None = None,
) -> Tensor:
    """The loss of normalised features `[b, d]` spread over ranks, in float32 under autocast too.

    Every rank returns the loss of the whole batch, and its gradient is that of the sum over ranks: averaging the
    parameters' gradients over ranks gives one process's. From `TILED_FROM` examples in one process on (or as many
    logits on a rank), the matrix of logits is never held; the surrogate always holds it.

    Args:
        image_features: L2-normalised, this rank's.
        text_features: L2-normalised, this rank's.
        logit_scale: the scale, not its logarithm.
        logit_bias: added to every logit; a constant, which changes nothing.
        half_steps: k.
        gradient: "unrolled", or "surrogate" for k = 2.
        local: as in `BalancedClipLoss`.
        ranks: the processes that share the batch; None: all there are.

    Raises:
        InputError: features that are not two tables of one shape, or a scale that is not one number.
    """
    if image_features.ndim != 2 or image_features.shape != text_features.shape or len(image_features) == 0:
        shapes = f"{list(image_features.shape)} and {list(text_features.shape)}"
        raise InputError(f"the loss needs the features of as many images as texts, [b, d] each, not {shapes}")
    if isinstance(logit_scale, Tensor) and logit_scale.numel() != 1:
        raise InputError(f"the logit scale is one number, not {list(logit_scale.shape)}")
    ranks = ranks or all_ranks()
    with torch.autocast(device_type=image_features.device.type, enabled=False):
        image = at_least_float32(image_features)
        text = ranks.gather(text_features.to(image.dtype))
        by_rows = ranks.group is not None and local and gradient == "unrolled"
        image = image if by_rows else ranks.gather(image)
        scale = logit_scale.to(image) if isinstance(logit_scale, Tensor) else image.new_full((), float(logit_scale))
        if gradient == "unrolled" and too_large_to_hold(len(image), len(text)):
            loss = tiled_balanced_loss(image, text, scale, half_steps, ranks if by_rows else None)
            return loss if logit_bias is None else loss + 0 * torch.as_tensor(logit_bias).to(loss).sum()
        logits = scale * image @ text.T
        if logit_bias is not None:
            logits = logits + logit_bias
        if by_rows:
            return balanced_loss(logits, half_steps, ranks)
        return balanced_contrastive_loss(logits, half_steps, gradient)


class BatchRegulariser(nn.Module):
    """A regulariser of points `[n, d]` on a batch spread over ranks.

    term: any function of points `[n, d]` to a scalar, such as `koleo` or `uniformity`.
    gather: True takes the points of all ranks together, with exact gradients; False each rank's own, averaged.
    """

    def __init__(self, term: Callable[[Tensor], Tensor], *, gather: bool = True) -> None:
        super().__init__()
        self.term, self.gather = term, gather

    def forward(self, points: Tensor) -> Tensor:
        """This rank's un-normalised embeddings `[b, d]` → the regulariser's value."""
        with torch.autocast(device_type=points.device.type, enabled=False):
            wide = at_least_float32(points)
            return self.term(all_ranks().gather(wide) if self.gather else wide)


class TregLoss(BatchRegulariser):
    """T-REG: `γ L_E + λ L_S` of un-normalised embeddings, the tree of all ranks' points or of each rank's own.

    Example:
        >>> import torch
        >>> from equipoise import TregLoss
        >>> loss = TregLoss(gamma=1e-3, lambda_=1e-2)
        >>> points = torch.eye(4, requires_grad=True)
        >>> loss(points).backward()
        >>> tuple(points.grad.shape)
        (4, 4)
    """

    def __init__(self, gamma: float, lambda_: float, *, gather: bool = True) -> None:
        gamma, lambda_ = not_negative(gamma, "gamma"), not_negative(lambda_, "lambda_")
        super().__init__(partial(treg, gamma=gamma, lambda_=lambda_), gather=gather)
        self.gamma, self.lambda_ = gamma, lambda_

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"gamma={self.gamma}, lambda_={self.lambda_}, gather={self.gather}"
