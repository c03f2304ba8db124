"""Squared Euclidean distances from coordinates' differences, and how far a Gram matrix may be from them."""

import numpy as np

from tasks.compiled import FASTMATH, compiled


@compiled(fastmath=FASTMATH, inline="always")
def differences_float32(x: np.ndarray, y: np.ndarray) -> np.float32:
    """`Σ (x_k − y_k)²` of two float32 vectors, in float32: no cancellation, whatever the offset."""
    total = np.float32(0)
    for k in range(len(x)):
        difference = x[k] - y[k]
        total += difference * difference
    return total


@compiled(fastmath=FASTMATH)
def differences_float64(points: np.ndarray, i: int, j: int) -> float:
    """`Σ (x_ik − x_jk)²` of two rows, in float64."""
    total = 0.0
    for k in range(points.shape[1]):
        difference = np.float64(points[i, k]) - np.float64(points[j, k])
        total += difference * difference
    return total


def gram_error_factor(dimension: int) -> np.float32:
    """`c` such that `|‖x‖² + ‖y‖² − 2⟨x, y⟩ − ‖x − y‖²| ≤ c (‖x‖² + ‖y‖²)` for centred float32 points.

    An inner product of length d in float32, summed in any order, errs by at most `γ_d ‖x‖‖y‖` with
    `γ_d = d u / (1 − d u)`, `u = 2⁻²⁴` (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). The
    norms, taken from the diagonal, err by as much again; the rest is rounding in the centring and in the sum itself.
    """
    unit = 2.0**-24
    product = dimension * unit / (1 - dimension * unit)
    return np.float32((2 * product + 16 * unit) * 1.01)


def inner_product_error_factor(dimension: int) -> np.float32:
    """`c` such that a float32 inner product of length d errs by less than `(c / 2) ‖x‖‖y‖` (see above)."""
    unit = 2.0**-24
    return np.float32(2.02 * dimension * unit / (1 - dimension * unit))


def difference_error_factor(dimension: int) -> np.float32:
    """Relative error bound of `differences_float32`: `(d + 8) u`, `u = 2⁻²⁴`."""
    return np.float32((dimension + 8) * 2.0**-24)
