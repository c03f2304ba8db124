"""The contrast matrix of a batch: its marginals while it is balanced, and how its loss and gradient vary."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import stdtrit
from torch import Tensor
from torch.nn import functional

from tasks.arrays import Floats, Int64s
from tasks.studies.balance_k.pair_losses import hidden
from tasks.training.losses.balanced import balanced_contrastive_loss
from tasks.training.models.heads import Heads


def contrast_marginals(logits: Tensor, steps: int, *, rows_first: bool) -> tuple[Floats, Floats]:
    """Row and column sums of `exp(logits)` after k = 0 … steps half steps, each `[k + 1, n]`; 1 where balanced.

    Args:
        logits: `[n, n]`.
        steps: k.
        rows_first: whether the first half step is over rows.
    """
    wide = logits.double()
    wide = wide - torch.logsumexp(wide.flatten(), 0) + np.log(len(wide))
    sums = []
    for step in range(steps + 1):
        if step:
            wide = functional.log_softmax(wide, dim=1 if (step % 2 == 1) == rows_first else 0)
        sums.append((wide.exp().sum(dim=1).numpy(), wide.exp().sum(dim=0).numpy()))
    return np.stack([rows for rows, _ in sums]), np.stack([columns for _, columns in sums])


@dataclass(frozen=True)
class Spread:
    """How a loss and its gradient vary over minibatches, for each k.

    Attributes:
        loss: `[k + 1, r]`, the losses.
        signal: `[k + 1]`, the gradient's squared mean over its variance (the trace of its covariance).
        low: `[k + 1]`, of the interval of `signal`.
        high: `[k + 1]`.
    """

    loss: Floats
    signal: Floats
    low: Floats
    high: Floats


def contrast_spread(
    heads: Heads, image: Tensor, text: Tensor, batches: Int64s, steps: int, *, confidence: float
) -> Spread:
    """The balanced contrastive loss of minibatches and its gradient by the last layers' weights, for k = 0 … steps.

    Args:
        heads: at the point where variances are looked at.
        image: features `[n, d]`.
        text: features `[n, e]`.
        batches: `[r, b]`, rows of each minibatch.
        steps: k.
        confidence: the coverage that the jackknife's intervals aim at.
    """
    losses = np.empty((steps + 1, len(batches)))
    signal, half = np.empty(steps + 1), np.empty(steps + 1)
    for k in range(steps + 1):
        slopes = []
        for number, rows in enumerate(batches):
            losses[k, number], slope = _loss_and_slope(heads, image[rows], text[rows], k)
            slopes.append(slope)
        stacked = torch.stack(slopes).double()
        signal[k], error = signal_to_noise((stacked @ stacked.T).numpy())
        half[k] = error * float(stdtrit(len(batches) - 1, 0.5 + confidence / 2))
    return Spread(losses, signal, signal - half, signal + half)


def signal_to_noise(products: Floats) -> tuple[float, float]:
    """`‖E g‖² / tr Cov(g)` of vectors g, and its standard error by the jackknife.

    The squared norm of a mean of r vectors exceeds that of the expectation by `tr Cov / r`, which is taken off.

    products: `[r, r]`, the inner products of the vectors.
    """
    count = len(products)
    left_out = (1 - np.eye(count)) / (count - 1)
    without = _ratios(products, left_out, count - 1)
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    return float(_ratios(products, np.full((1, count), 1 / count), count)[0]), float(error)


def _ratios(products: Floats, weights: Floats, count: int) -> Floats:
    square = np.einsum("sr,rq,sq->s", weights, products, weights, optimize=True)
    variance = (weights @ np.diag(products) - square) * count / (count - 1)
    found: Floats = square / variance - 1 / count
    return found


def _loss_and_slope(heads: Heads, image: Tensor, text: Tensor, steps: int) -> tuple[float, Tensor]:
    weights = [heads.image_encoder.out.weight, heads.text_encoder.out.weight]
    with torch.no_grad():
        inner = [hidden(heads.image_encoder, image), hidden(heads.text_encoder, text)]
    points = [
        functional.normalize(mlp.out(each), dim=-1)
        for mlp, each in zip((heads.image_encoder, heads.text_encoder), inner)
    ]
    loss = balanced_contrastive_loss(heads.logit_scale.exp() * points[0] @ points[1].T, steps)
    return loss.item(), torch.cat([slope.flatten() for slope in torch.autograd.grad(loss, weights)])
