"""VICReg's whole loss (Bardes, Ponce & LeCun 2022, arXiv 2105.04906, equation 6)."""

from torch import Tensor
from torch.nn import functional

from tasks.training.floats import at_least_float32
from tasks.training.regularisers.vicreg import variance_covariance


def vicreg_loss(
    first: Tensor, second: Tensor, *, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0
) -> Tensor:
    """`λ mse(z, z') + μ (v(z) + v(z')) / 2 + ν (c(z) + c(z'))`: the two views alike, each with variance, no covariance.

    The variance is halved over the two views and the covariance is not, as in the authors' code.

    Args:
        first: embeddings of one view `[n, d]`, n >= 2, not normalised.
        second: of the other.
        invariance: λ, of the mean squared distance over coordinates and pictures.
        variance: μ.
        covariance: ν.
    """
    views = (at_least_float32(first), at_least_float32(second))
    spread = sum(
        variance_covariance(view, variance_weight=variance / 2, covariance_weight=covariance) for view in views
    )
    return invariance * functional.mse_loss(*views) + spread
