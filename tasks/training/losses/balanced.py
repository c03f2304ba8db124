"""The balanced contrastive loss for any number of half-steps: the loss view of *The Benefits of Balance* (section 2.3).

CLIP's loss is one step of balancing the joint measure `exp(logits)` towards uniform marginals: the rows are
normalised, or the columns, and the two are averaged. Going on alternately gives a family of losses, one for each
number `k` of half-steps, of which k = 1 is CLIP's and k = 2 the paper's "doubly centred" one.
"""

from typing import Literal, get_args

import torch
from torch import Tensor

from storage.errors import InputError
from tasks.arguments import one_of, whole
from tasks.training.floats import at_least_float32
from tasks.training.losses.potentials import balanced_loss
from tasks.training.losses.unrolled import unrolled_loss

Gradient = Literal["unrolled", "surrogate"]

FAST_FROM = 256
"""Batches from this size on go by potentials on a processor; below it the chain itself is quicker."""

CHAIN_ELEMENTS = 1 << 30
"""Numbers that the chain may hold on an accelerator: 4 GiB of float32, at k = 2 a batch of 13,000.

There every operation costs a start, and each of torch's own softmaxes is a single one. Forward and backward, products
included, are 22, 26 and 38 operations at k = 1, 2, 5, by potentials 58, 101 and 230, and open_clip's ClipLoss has 30;
half as much of the matrix or less is moved. What potentials save is memory.
"""


def balanced_contrastive_loss(logits: Tensor, steps: int = 1, gradient: Gradient = "unrolled") -> Tensor:
    """`-½ (mean diag A_k + mean diag B_k)` where `A_k`, `B_k` are the logits after `k` alternating normalisations.

    `A` starts with rows, `B` with columns; a half-step subtracts the log-sum-exp along its axis. `k = 0` is the joint
    normalisation `-mean(diag(logits) - logsumexp(logits))`, `k = 1` CLIP's loss, `k = 2` the paper's.

    logits: `[n, n]`, scaled similarities, the pairs on the diagonal; computed in float32 at least.
    gradient: `"unrolled"` differentiates through every normaliser. `"surrogate"` (k = 2 only) is the variant in the
        authors' code: a function linear in the logits, see `surrogate_loss`.

    Returns a scalar. Raises `InputError` for logits that are not square, a negative `steps`, or a surrogate of k ≠ 2.

    Example:
        >>> import torch
        >>> from equipoise import balanced_contrastive_loss
        >>> logits = torch.tensor([[2.0, 1.0], [1.0, 1.0]])
        >>> [round(balanced_contrastive_loss(logits, steps=k).item(), 4) for k in (0, 1, 2)]
        [1.2437, 0.5032, 0.4758]
    """
    if logits.ndim != 2 or logits.shape[0] != logits.shape[1] or logits.shape[0] == 0:
        raise InputError(f"the loss needs a square matrix of logits, [n, n] with n >= 1, not {list(logits.shape)}")
    steps = checked_half_steps(steps, gradient)
    wide = at_least_float32(logits)
    with torch.autocast(device_type=logits.device.type, enabled=False):
        if gradient == "surrogate":
            return surrogate_loss(wide)
        return unrolled_loss(wide, steps) if _chain_is_quicker(wide, steps) else balanced_loss(wide, steps)


def _chain_is_quicker(logits: Tensor, steps: int) -> bool:
    if logits.device.type == "cpu":
        return len(logits) < FAST_FROM
    return (2 * steps + 2) * logits.numel() <= CHAIN_ELEMENTS


def surrogate_loss(logits: Tensor) -> Tensor:
    """The authors' two-step surrogate for k = 2, its weights detached.

    With `Q = softmax` over rows and `P = softmax` over columns of the detached logits, `p_i = Σ_j P_ij` and
    `q_j = Σ_i Q_ij`, it is `-(1/n) Σ_ij L_ij (δ_ij - Q_ij - P_ij + ½ (Q_ij p_i + P_ij q_j))`: the paper's first-order
    centring of the pair measure. Its gradient points along k = 2's at logit scale 1, a little off at 10, and
    elsewhere at the scale of 100 that trained models have. Its value is no likelihood and may have either sign.
    """
    with torch.no_grad():
        over_rows = torch.softmax(logits, dim=1)
        over_columns = torch.softmax(logits, dim=0)
        column_mass = over_rows.sum(dim=0, keepdim=True)
        row_mass = over_columns.sum(dim=1, keepdim=True)
        weights = over_rows * (1 - 0.5 * row_mass) + over_columns * (1 - 0.5 * column_mass)
    return ((logits * weights).sum() - logits.diagonal().sum()) / logits.shape[0]


def checked_half_steps(steps: int, gradient: str) -> int:
    """The number of half-steps; raises `InputError` for one below 0, or a gradient that it has not."""
    steps = whole(steps, "the number of half-steps", least=0)
    one_of(gradient, get_args(Gradient), "gradient")
    if gradient == "surrogate" and steps != 2:
        raise InputError(f"the surrogate gradient exists for 2 half-steps only, not {steps}; use gradient='unrolled'")
    return steps
