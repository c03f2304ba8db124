"""The factor from weights to expected copies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from storage.errors import InputError


def scale_for_size(weight: npt.ArrayLike, size: float, most: float) -> float:
    """The `c` with `Σ min(most, c·w_i) = size`, exactly (sort and solve the one linear piece).

    Args:
        weight: `[n]`, not negative.
        size: the expected number of rows.
        most: the most that one caption may be expected: 1 for Poisson sampling.

    Raises:
        InputError: a size that cannot be reached.
    """
    weights, size = np.asarray(weight, dtype=np.float64), float(size)
    ordered = np.sort(weights[weights > 0])[::-1]
    reach = most * len(ordered)
    if not 0 < size <= reach * (1 + 1e-12):
        raise InputError(
            f"size is {size:g}, but {len(ordered)} captions have positive weight and may occur at most "
            f"{most:g} times each; ask for a size between 1 and {reach:g}"
        )
    if size >= reach:
        return float(most / ordered[-1])
    rest = np.cumsum(ordered[::-1])[::-1]
    full = np.arange(len(ordered))
    candidates = (size - most * full) / rest
    fits = candidates * ordered <= most
    return float(candidates[np.argmax(fits)])
