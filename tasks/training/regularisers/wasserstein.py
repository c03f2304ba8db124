"""Uniformity by the Wasserstein distance to a normal (Fang et al. 2024, arXiv 2403.00642)."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.floats import at_least_float32


def wasserstein_uniformity(points: Tensor) -> Tensor:
    """`W₂ = √(‖μ‖² + 1 + tr Σ - (2/√d) tr Σ^½)` of the normalised points, with mean μ and covariance Σ over n.

    It is the distance of `N(μ, Σ)` from `N(0, I/d)`, which points spread evenly over the sphere approach: 0 there, and
    √2 where all are one. `tr Σ^½` is the sum of the centred points' singular values over √n. Directions without
    variance have no finite slope and get none.

    points: `[n, d]`, n >= 2; L2-normalised here. Returns a scalar.
    """
    unit = functional.normalize(at_least_float32(points), dim=-1)
    count, dimension = unit.shape
    mean = unit.mean(dim=0)
    centred = (unit - mean) / math.sqrt(count)
    product = centred @ centred.T if count <= dimension else centred.T @ centred
    squared = mean.square().sum() + 1 + centred.square().sum() - 2 / math.sqrt(dimension) * _trace_of_root(product)
    return squared.clamp(min=torch.finfo(unit.dtype).eps).sqrt()


def _trace_of_root(product: Tensor) -> Tensor:
    """`tr P^½` of a positive semidefinite `[k, k]`; its gradient `½ P^(-½)` leaves out what rounding takes for 0."""
    with torch.no_grad():
        values, vectors = torch.linalg.eigh(product.nan_to_num())  # a term that is NaN is told by the loop
        kept = values > len(values) * torch.finfo(values.dtype).eps * values[-1]
        roots = torch.where(kept, values, 0.0).sqrt()
        slope = 0.5 * (vectors * torch.where(kept, 1 / roots, 0.0)) @ vectors.T
    linear = (slope * product).sum()
    return linear - linear.detach() + roots.sum()
