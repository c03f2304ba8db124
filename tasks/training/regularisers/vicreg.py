"""VICReg's variance and covariance terms (Bardes, Ponce & LeCun 2022, arXiv 2105.04906, equations 1 to 4)."""

import torch
from torch import Tensor

from tasks.training.floats import at_least_float32


def variance_covariance(
    points: Tensor, *, variance_weight: float = 25.0, covariance_weight: float = 1.0, epsilon: float = 1e-4
) -> Tensor:
    """`μ mean_j max(0, 1 - √(Var_j + ε)) + ν (1/d) Σ_{j≠k} C_jk²` with C the sample covariance `[d, d]`; a scalar.

    Each coordinate is to have a deviation of at least 1, and no two are to be correlated.

    Args:
        points: `[n, d]`, n >= 2, not normalised.
        variance_weight: μ.
        covariance_weight: ν.
        epsilon: ε.
    """
    wide = at_least_float32(points)
    count, dimension = wide.shape
    centred = wide - wide.mean(dim=0)
    variance = centred.square().sum(dim=0) / (count - 1)
    hinge = torch.relu(1 - torch.sqrt(variance + epsilon)).mean()
    # ‖C‖² is also that of the [n, n] Gram matrix: take the smaller of the two
    product = centred.T @ centred if dimension <= count else centred @ centred.T
    off_diagonal = (product / (count - 1)).square().sum() - variance.square().sum()
    return variance_weight * hinge + covariance_weight * off_diagonal / dimension
