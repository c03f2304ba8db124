"""How near is nearer than chance? A distance for near-duplicates that suits any encoder."""

import numpy as np
import numpy.typing as npt

CHANCE = 1e-3
"""Share of points that may have a neighbour within the distance by chance, were the points spread evenly."""

LARGEST_SHARE = 0.25
"""Of the typical distance, however high the dimension: no set is spread evenly."""

LARGEST_DISTANCE = 0.1
"""Vectors of length 1 farther apart (cosine 0.995) are no near-duplicates, however sparse the set."""


def unlikely_distance(lengths: npt.ArrayLike, dimension: float | None) -> float:
    """`min(q · min((CHANCE / ln 4)^{1/d}, 1/4), 0.1)`, q the upper quartile of positive `lengths`; 0 without any.

    lengths: of a spanning tree's edges, or distances to nearest neighbours, float `[n]`. dimension: the set's
    intrinsic dimension d; None: unknown, taken for high. Where points are spread evenly the distance r to the nearest
    has `P(r ≤ x) = 1 − exp(−c x^d)`, and `c q^d = ln 4`. Encoders differ in how far apart they put unlike pictures
    and small ones crowd them, so an absolute distance alone would call most of their rows duplicates. Up to three
    quarters of the rows may be true near-duplicates; give a distance where more are.
    """
    edges = np.asarray(lengths, dtype=np.float64)
    positive = edges[edges > 0]
    if not len(positive):
        return 0.0
    chance = (CHANCE / np.log(4)) ** (1 / max(dimension, 1e-3)) if dimension is not None else LARGEST_SHARE
    typical = float(np.quantile(positive, 0.75))
    return min(typical * min(float(chance), LARGEST_SHARE), LARGEST_DISTANCE)
