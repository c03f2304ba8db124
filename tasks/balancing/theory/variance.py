"""What balancing saves: the variances σ₀², σ₁², … of Theorem 1 of *The Benefits of Balance* (arXiv 2408.15065).

With `μ_X h = E[h | x]`, `μ_Y h = E[h | y]` and the centring operators `C_X = I − μ_X`, `C_Y = I − μ_Y`, the estimate of
`E[h]` after k half steps on n independent pairs has mean squared error `σ_k² / n + O(n^{-3/2})`, where
`σ_k² = Var(C₁ C₂ ⋯ C_k h)` and `C_i` is the operator of half step i (odd: X, even: Y, in the paper's order). The last
half step's operator acts on `h` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.matrix.checks import half_steps
from tasks.balancing.theory.pair_measure import PairMeasure


@dataclass(frozen=True)
class PredictedVariance:
    """`variance[k] = σ_k²` for k = 0 … number of half steps, and `reduction[k] = 1 − σ_k² / σ₀²` (0 if σ₀² is 0)."""

    variance: Floats
    reduction: Floats
    order: tuple[Literal["x", "y"], ...]


def predicted_variance(
    measure: PairMeasure, h: npt.ArrayLike, order: Sequence[Literal["x", "y"]] | int
) -> PredictedVariance:
    """Plug-in `σ_0², …, σ_k²` of a test function by alternating conditional centring on the sparse support.

    Args:
        measure: the joint distribution, or an estimate of it (the starting or the balanced measure).
        h: `[nnz]`, the test function at each match; several functions are called one by one.
        order: sides of the half steps; a number k means x, y, x, … (the paper's).

    Raises:
        InputError: `h` has the wrong length or is not finite.
    """
    sides = half_steps(order)
    test = np.asarray(h, dtype=np.float64)
    if test.shape != measure.mass.shape or not np.isfinite(test).all():
        raise InputError(f"the test function needs {len(measure.mass)} finite values, one a match, not {test.shape}")
    values = np.array([centred_variance(measure, test, sides[:k]) for k in range(len(sides) + 1)])
    reduction = 1.0 - values / values[0] if values[0] > 0 else np.zeros_like(values)
    return PredictedVariance(values, reduction, sides)


def centred_variance(measure: PairMeasure, h: Floats, sides: Sequence[Literal["x", "y"]]) -> float:
    """`Var(C₁ ⋯ C_k h)` under the measure, the last side's operator applied first."""
    g = h - float((measure.mass * h).sum())
    for side in reversed(sides):
        g = g - (measure.row_mean(g) if side == "x" else measure.column_mean(g))
    return float((measure.mass * g * g).sum())
