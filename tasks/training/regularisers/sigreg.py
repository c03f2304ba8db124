"""SIGReg: sketched isotropic-Gaussian regularisation (Balestriero & LeCun 2025, *LeJEPA*, arXiv 2511.08544)."""

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.floats import at_least_float32

_REACH = 5.0
_KNOTS = 17


def sigreg(points: Tensor, *, directions: int = 256, seed: int = 0) -> Tensor:
    """The Epps–Pulley statistic against N(0, 1), averaged over random directions of the points.

    `mean_a n ∫ |(1/n) Σ_i exp(i t a·z_i) - exp(-t²/2)|² exp(-t²/2) dt` by the trapezoidal rule on 17 knots in [-5, 5].
    points: `[n, d]`, not normalised. directions: how many unit vectors `a`, drawn from `seed` alone: give another seed
    at every step. Returns a scalar, about a constant when the points are standard normal.
    """
    wide = at_least_float32(points)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(directions, wide.shape[1], generator=generator, dtype=torch.float64)
    axes = functional.normalize(drawn, dim=1).to(wide, non_blocking=True)
    knots = torch.linspace(-_REACH, _REACH, _KNOTS, dtype=wide.dtype, device=wide.device)
    gaussian = torch.exp(-0.5 * knots.square())
    angles = (wide @ axes.T)[:, :, None] * knots
    distance = (angles.cos().mean(dim=0) - gaussian).square() + angles.sin().mean(dim=0).square()
    return torch.trapezoid(distance * gaussian, knots, dim=1).mean() * len(wide)
