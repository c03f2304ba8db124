"""Many comparisons at once: how small a p-value must be where several had the chance to be small."""

import numpy as np

from tasks.arrays import Floats


def holm(p_values: Floats) -> Floats:
    r"""p-values `[m]` adjusted for each other, `[m]`: `max_{j ≤ i} min(1, (m − j + 1) p_(j))` for the i-th smallest.

    Rejecting what stays below α keeps the probability of any false rejection at α, however the comparisons depend on
    each other (Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure).
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, steps * p_values[order]))
    return adjusted
