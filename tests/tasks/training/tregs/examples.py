"""Batches of points that are hard for a spanning tree, and its length by plain means."""

import math

import numpy as np
import torch
from scipy.spatial.distance import pdist, squareform


def true_length(points: torch.Tensor) -> float:
    """Prim on float64 distances from differences, in plain numpy."""
    distances = squareform(pdist(points.double().numpy()))
    best, inside, total = distances[0].copy(), np.zeros(len(distances), bool), 0.0
    inside[0] = True
    for _ in range(len(distances) - 1):
        nearest = np.where(inside, np.inf, best).argmin()
        total += best[nearest]
        inside[nearest] = True
        best = np.minimum(best, distances[nearest])
    return total


def traps(n: int = 256, d: int = 64) -> dict[str, torch.Tensor]:
    """Sets of points `[n, d]` by what is hard about them."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(n, d, generator=generator)
    centres = torch.randn(16, d, generator=generator).repeat(n // 16, 1)
    return {
        "isotropic": noise,
        "half duplicated": torch.cat([noise[: n // 2], noise[: n // 2]]),
        "collapsed to 1e-3": torch.ones(d) / math.sqrt(d) + 1e-3 * noise,
        "offset by 100": noise + 100,
        "tight clusters": centres + 1e-3 * noise,
        "tighter clusters": centres + 1e-4 * noise,
        "few coordinates": noise * (torch.arange(d) < d // 8),
    }


def lattice(side: int = 4, d: int = 3) -> torch.Tensor:
    """Integer points, so that nearly all distances tie, the last ten of them twice."""
    points = torch.cartesian_prod(*[torch.arange(side, dtype=torch.float32)] * d)
    return torch.cat([points, points[-10:]])
