"""Barlow Twins (Zbontar et al. 2021, arXiv 2103.03230, equation 1)."""

from torch import Tensor

from tasks.training.floats import at_least_float32


def barlow_twins(first: Tensor, second: Tensor, *, redundancy: float = 5e-3, epsilon: float = 1e-5) -> Tensor:
    """`Σ_j (1 - C_jj)² + λ Σ_{j≠k} C_jk²` with C the correlation over the batch, `[d, d]`, of the two views.

    Args:
        first: embeddings of one view `[n, d]`, n >= 2; each coordinate is standardised over the batch here.
        second: of the other.
        redundancy: λ, the weight of the correlations between coordinates.
        epsilon: added to each variance, as batch normalisation does.
    """
    wide = [at_least_float32(view) for view in (first, second)]
    first, second = ((view - view.mean(dim=0)) / (view.var(dim=0, unbiased=False) + epsilon).sqrt() for view in wide)
    correlation = first.T @ second / len(first)
    diagonal = correlation.diagonal()
    return (1 - diagonal).square().sum() + redundancy * (correlation.square().sum() - diagonal.square().sum())
