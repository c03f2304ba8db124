"""Uniformity on the sphere by Gaussian potentials (Wang & Isola 2020, arXiv 2005.10242, section 4)."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.floats import at_least_float32


def uniformity(points: Tensor, *, temperature: float = 2.0) -> Tensor:
    """`log mean_{i≠j} exp(-t ‖x_i - x_j‖²)` of the normalised points; its minimum is near `-2t` for many dimensions.

    points: `[n, d]`, n >= 2; L2-normalised here, so that `‖x_i - x_j‖² = 2 - 2 x_i·x_j`. Returns a scalar.
    """
    unit = functional.normalize(at_least_float32(points), dim=-1)
    count = len(unit)
    exponents = (2 * temperature) * (unit @ unit.T - 1)
    exponents = exponents.masked_fill(torch.eye(count, dtype=torch.bool, device=unit.device), -torch.inf)
    return torch.logsumexp(exponents.flatten(), dim=0) - math.log(count * (count - 1))
