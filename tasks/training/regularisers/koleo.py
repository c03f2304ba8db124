"""KoLeo: the Kozachenko–Leonenko entropy of a batch (Sablayrolles et al. 2019, arXiv 1806.03198)."""

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.floats import at_least_float32


def koleo(points: Tensor, *, epsilon: float = 1e-8) -> Tensor:
    """`-(1/n) Σ_i log(min_{j≠i} ‖x_i - x_j‖ + ε)` of the normalised points, as in DINOv2.

    points: `[n, d]`, n >= 2; L2-normalised here. The neighbour is chosen without gradient; an exact duplicate, at
    distance 0, gets none. Returns a scalar.
    """
    unit = functional.normalize(at_least_float32(points), dim=-1)
    with torch.no_grad():
        similarity = unit @ unit.T
        similarity.fill_diagonal_(-2)
        nearest = similarity.argmax(dim=1)
    return -torch.log(torch.linalg.vector_norm(unit - unit[nearest], dim=1) + epsilon).mean()
