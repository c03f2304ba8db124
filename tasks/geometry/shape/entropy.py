"""Rényi entropy of the density that points come from, by the length of their spanning tree (Costa and Hero 2004)."""

from dataclasses import dataclass

import numpy as np

from tasks.geometry.shape.growth_constants import log_ball_volume, points_within_mean_edge


@dataclass(frozen=True)
class RenyiEntropy:
    """entropy: in nats, of order `order` = 1 − 1/d, with respect to d-dimensional volume. dimension: that d."""

    entropy: float
    order: float
    dimension: float


def renyi_entropy(mean_edge: float, n: int, dimension: float) -> RenyiEntropy:
    """`H_α = d (log(L_n / n^α) − log β_d)`, `α = (d − 1) / d`, `β_d = (κ_d / V_d)^{1/d}`.

    mean_edge: of the minimum spanning tree of n points (`L_n / n`). dimension: of the set they lie on, d > 1.
    (Costa and Hero, IEEE Transactions on Signal Processing 52, 2004, equation 10, for edge weights of power 1.) For
    points uniform on a set of volume v it is about log v; scaling points by a adds `d log a`.
    Raises `ValueError` for a mean edge of 0, a dimension of at most 1 or no points.
    """
    if not (mean_edge > 0 and dimension > 1 and n > 0):
        raise ValueError(
            f"needs points, a positive mean edge and a dimension above 1, not {n}, {mean_edge} and {dimension}"
        )
    scale = np.log(points_within_mean_edge(dimension)) - log_ball_volume(dimension)
    entropy = dimension * np.log(mean_edge) + np.log(n) - scale
    return RenyiEntropy(float(entropy), 1 - 1 / dimension, dimension)
