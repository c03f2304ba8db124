"""Intrinsic dimension from how the mean edge of the spanning tree shrinks as points are added (Steele 1988)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.draws import hash_order
from storage.errors import InputError
from tasks.arguments import positive
from tasks.geometry.neighbours.distinct_points import checked_points, distinct_points
from tasks.geometry.shape.growth_constants import sphere_mean_edge
from tasks.geometry.tree.prim import prim

MOST_POINTS = 10_000
FEWEST_POINTS = 128
_HALVINGS = 4
_SMALLEST_SUBSET = 16
_HIGHEST = 64.0


@dataclass(frozen=True)
class DimensionEstimate:
    """An estimate of the intrinsic dimension.

    Its interval is of sampling error only: curvature and boundaries may add some per cent below 6 dimensions and up to
    15 % at 12.

    Attributes:
        dimension: the estimate.
        low: lower end of its interval.
        high: upper end.
        raw: the growth exponent's dimension, uncorrected; it is bounded by the resolution of the sample.
        points: how many were used.
        sizes: of the subsets, s of them.
        mean_edges: mean tree edge at each size.
    """

    dimension: float
    low: float
    high: float
    raw: float
    points: int
    sizes: tuple[int, ...]
    mean_edges: tuple[float, ...]


def intrinsic_dimension(
    points: npt.ArrayLike, *, most: int = MOST_POINTS, seed: int = 0, deviations: float = 1.96
) -> DimensionEstimate:
    """Estimate the dimension of the set that `points [n, d]` are spread on.

    For n independent points of a density on a d-dimensional set, the spanning tree's mean edge falls like `n^{-1/d}`
    (Steele, Annals of Probability 16, 1988: length `∝ n^{(d-1)/d}`). The exponent is fitted to mean edges of disjoint
    random subsets of n, n/2, … n/16 points. Few points see any curved set coarsely, which makes the exponent too small
    from about 6 dimensions on; the estimate is the dimension of the sphere whose points, in the same numbers, have the
    fitted exponent: exact for spheres, for which embeddings of length 1 are made.

    Args:
        points: finite numbers of any kind `[n, d]`, as an array or lists; exact repetitions count once.
        most: how many hash-drawn points are used at most, at least 128.
        seed: of that draw.
        deviations: half the interval in standard errors, which come from the spread between subsets.

    Raises:
        InputError: fewer than 128 distinct points, `most` below that, or `deviations` that are not positive.

    Example:
        >>> import numpy as np
        >>> from equipoise import intrinsic_dimension
        >>> angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 1_000)
        >>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        >>> round(intrinsic_dimension(circle).dimension)
        1
    """
    deviations = positive(deviations, "deviations")
    if most < FEWEST_POINTS:
        raise InputError(f"an intrinsic dimension needs {FEWEST_POINTS} or more points; raise most, which is {most}")
    matrix, _ = checked_points(points)
    distinct = distinct_points(matrix).points
    if len(distinct) < FEWEST_POINTS:
        raise InputError(f"an intrinsic dimension needs {FEWEST_POINTS} or more distinct points, not {len(distinct)}")
    order = hash_order(np.arange(len(distinct), dtype=np.uint64), seed=seed, purpose="intrinsic dimension")[:most]
    n = len(order)
    sizes = np.array([n >> halving for halving in range(_HALVINGS, -1, -1) if n >> halving >= _SMALLEST_SUBSET])
    logs, spreads, counts = [], [], []
    for size in sizes:
        subsets = [order[first : first + size] for first in range(0, n - size + 1, size)]
        means = np.log([prim(distinct[np.sort(subset)])[1].mean() for subset in subsets])
        logs.append(np.log(np.exp(means).mean()))
        if len(means) > 1:
            spreads.append(means.var(ddof=1) * size * (len(means) - 1))
            counts.append(len(means) - 1)
    slope, weights = _slope(np.log(sizes), np.array(logs))
    error = float(np.sqrt(sum(spreads) / sum(counts) / n * (weights**2).sum()))
    table = _exponents(sizes)
    estimate, low, high = (_invert(table, slope + shift * error) for shift in (0, -deviations, deviations))
    raw = -1 / slope if slope < 0 else float("inf")
    return DimensionEstimate(
        estimate, low, high, min(raw, _HIGHEST), n, tuple(sizes.tolist()), tuple(np.exp(logs).tolist())
    )


def _slope(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Least squares; the slope and its weights on y."""
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    return float(weights @ y), weights


def _exponents(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dimensions, and the exponents that spheres of them show at these sizes; both ascending."""
    dimensions = np.geomspace(0.5, _HIGHEST, 400)
    x = np.log(sizes)
    return dimensions, np.array([_slope(x, np.log(sphere_mean_edge(d, sizes)))[0] for d in dimensions])


def _invert(table: tuple[np.ndarray, np.ndarray], slope: float) -> float:
    return float(np.interp(slope, table[1], table[0]))
