"""Distances between marginals and what unequal weights cost."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from tasks.arrays import Floats
from tasks.balancing.matrix.incidence import Incidence


def total_variation(p: npt.ArrayLike, q: npt.ArrayLike) -> float:
    """`½ Σ|p_j / Σp − q_j / Σq|` for non-negative `p, q [m]`; 0 when both are all zero.

    Both are normalised first, so counts and shares may be mixed.
    """
    return 0.5 * float(np.abs(normalised(p) - normalised(q)).sum())


def kullback_leibler(p: npt.ArrayLike, q: npt.ArrayLike) -> float:
    """`Σ p log(p/q) − Σp + Σq` in nats, for non-negative masses `[m]`; infinite where `p > 0 = q`.

    The last two terms make it a divergence for masses of unequal total as well.
    """
    mass, other = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    held = mass > 0
    if bool(np.any(other[held] <= 0)):
        return float("inf")
    value = float((mass[held] * (np.log(mass[held]) - np.log(other[held]))).sum() - mass.sum() + other.sum())
    return max(value, 0.0)


def effective_sample_size(weight: npt.ArrayLike) -> float:
    """Kish's `(Σw)² / Σw²`: the equally weighted sample of the same precision for an unrelated variable.

    Weights are divided by their maximum first, so nothing overflows. No positive weight gives 0.
    """
    weights = np.asarray(weight, dtype=np.float64)
    largest = float(weights.max(initial=0.0))
    if largest <= 0.0:
        return 0.0
    scaled = weights / largest
    return float(scaled.sum()) ** 2 / float((scaled * scaled).sum())


def design_effect(weight: npt.ArrayLike) -> float:
    """Kish's `n Σw² / (Σw)²`: variance of a weighted mean over that of an equally weighted one; ≥ 1.

    `n` is the length of `weight`, so pass the matched captions only. No positive weight gives infinity.
    """
    size = effective_sample_size(weight)
    return np.size(weight) / size if size > 0 else float("inf")


def normalised(mass: npt.ArrayLike) -> Floats:
    """`mass / Σ mass`, or zeros for an all-zero vector."""
    masses = np.asarray(mass, dtype=np.float64)
    total = float(masses.sum())
    return masses / total if total > 0 else np.zeros_like(masses)


def expected_marginal(matrix: Incidence, weight: npt.ArrayLike, unit: Literal["rows", "pairs"] = "pairs") -> Floats:
    """Keyword marginal `[m]` of a *selection of captions* with the given weights, summing to 1.

    A kept caption brings all its keywords: `Σ_i w_i K_ij` (`pairs`, keyword counts), or `Σ_i w_i K_ij / deg_i`
    (`rows`, every caption's unit split equally over its keywords, the paper's base measure).
    """
    degrees = matrix.degrees
    per_match = np.asarray(weight, dtype=np.float64)
    if unit == "rows":
        per_match = per_match / np.maximum(degrees, 1)
    return normalised(keyword_sums(matrix.indices, np.repeat(per_match, degrees), matrix.columns))


def keyword_sums(indices: npt.ArrayLike, per_match: npt.ArrayLike, columns: int) -> Floats:
    """Sums `[m]` of a number per match over each keyword's matches, in the order of the matches."""
    return np.bincount(indices, weights=per_match, minlength=columns).astype(np.float64, copy=False)
