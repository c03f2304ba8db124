"""Zero-CL: whitening in the place of negatives (Zhang et al. 2022, *Zero-CL*, ICLR)."""

import torch
from torch import Tensor

from tasks.training.floats import at_least_float32


def zero_cl(first: Tensor, second: Tensor, *, shrinkage: float = 0.1, epsilon: float = 1e-5) -> Tensor:
    """`mean_i (1 - a_i)² + mean_j (1 - b_j)²`: pictures agree after whitening over pictures, coordinates over theirs.

    Pictures are standardised and ZCA-whitened over the batch's affinity `[n, n]`, `a_i` being what picture i's two
    views then have in common; `b_j` is the same of coordinate j and the covariance `[d, d]`. Whitened, no two pictures
    or coordinates are alike, so nothing need be pushed apart. The whitening matrix carries no gradient.

    Args:
        first: embeddings of one view `[n, d]`, n, d >= 2.
        second: of the other.
        shrinkage: share of the identity that is mixed into what is whitened, as it may be singular.
        epsilon: added to its eigenvalues.
    """
    first, second = at_least_float32(first), at_least_float32(second)
    return _agreement(first, second, shrinkage, epsilon) + _agreement(first.T, second.T, shrinkage, epsilon)


def _agreement(first: Tensor, second: Tensor, shrinkage: float, epsilon: float) -> Tensor:
    """`mean_i (1 - (H H'ᵀ)_ii / m)²` of rows `[k, m]`, standardised over m and whitened over k."""
    common = (_whitened(first, shrinkage, epsilon) * _whitened(second, shrinkage, epsilon)).mean(dim=1)
    return (1 - common).square().mean()


def _whitened(rows: Tensor, shrinkage: float, epsilon: float) -> Tensor:
    variance = rows.var(dim=1, keepdim=True)
    rows = (rows - rows.mean(dim=1, keepdim=True)) / (variance + epsilon).sqrt()
    with torch.no_grad():
        affinity = rows @ rows.T / (rows.shape[1] - 1)
        mixed = (1 - shrinkage) * affinity + shrinkage * torch.eye(len(rows), dtype=rows.dtype, device=rows.device)
        values, vectors = torch.linalg.eigh(mixed.nan_to_num())  # a loss that is NaN is told by the loop
        turn = (vectors * (values.clamp(min=0) + epsilon).rsqrt()) @ vectors.T
    return turn @ rows
