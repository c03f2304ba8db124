"""Measures of collapse of a set of embeddings: to a point, and to few directions."""

import torch
from torch import Tensor

from tasks.training.floats import at_least_float32


def spread(points: Tensor) -> Tensor:
    """`√(Σ ‖z - z̄‖² / Σ ‖z‖²)` of points `[n, d]`: 1 where they are centred, 0 where they are one point."""
    points = at_least_float32(points)
    total = points.square().sum().clamp(min=torch.finfo(points.dtype).tiny)
    return ((points - points.mean(dim=0)).square().sum() / total).sqrt()


def participation_ratio(points: Tensor) -> Tensor:
    """`(Σ λ)² / Σ λ²` over the eigenvalues of the covariance of `[n, d]`: how many directions share the variance.

    Between 1 and min(n - 1, d). It needs no decomposition, so it can be taken at every step: `Σ λ²` is also the
    squared norm of the Gram matrix.
    """
    centred = at_least_float32(points)
    centred = centred - centred.mean(dim=0)
    product = centred @ centred.T if len(points) <= points.shape[1] else centred.T @ centred
    trace = product.diagonal().sum()
    return trace.square() / product.square().sum().clamp(min=torch.finfo(centred.dtype).tiny)


def effective_rank(points: Tensor) -> float:
    """`exp(-Σ p log p)` with `p = σ / Σ σ` over the singular values of points `[n, d]` (Roy & Vetterli 2007).

    Taken of embeddings it is RankMe (Garrido et al. 2023, arXiv 2210.02885), which adds no centring.
    """
    wide = points.double()
    product = wide @ wide.T if len(points) <= points.shape[1] else wide.T @ wide
    values = torch.linalg.eigvalsh(product).clamp(min=0).sqrt()
    shares = values / values.sum().clamp(min=torch.finfo(values.dtype).tiny)
    return float(torch.special.entr(shares).sum().exp())
