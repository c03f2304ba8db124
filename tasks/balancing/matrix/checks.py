"""Refusals of malformed targets, bands and orders of half steps, each in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from storage.errors import InputError
from tasks.balancing.matrix.incidence import Floats


def half_steps(steps: int | Sequence[Literal["x", "y"]]) -> tuple[Literal["x", "y"], ...]:
    """The order of half steps; a number k alternates x, y, x, … (the paper's order).

    Raises:
        InputError: a negative number, or a side other than "x" and "y".
    """
    if isinstance(steps, int):
        if steps < 0:
            raise InputError(f"steps is {steps}; give a number of half steps ≥ 0 or an order such as ('y',)")
        return tuple("x" if k % 2 == 0 else "y" for k in range(steps))
    wrong = [side for side in steps if side not in ("x", "y")]
    if wrong:
        raise InputError(f"steps contains {wrong[0]!r}; a half step is 'x' (captions) or 'y' (keywords)")
    return tuple(steps)


def checked_target(target: Floats, length: int, name: str) -> Floats:
    """The target as float64, refused where it cannot be one.

    Raises:
        InputError: wrong length, a negative or non-finite entry, or a sum that is not positive.
    """
    target = np.asarray(target, dtype=np.float64)
    if target.shape != (length,):
        raise InputError(f"{name} has shape {target.shape}, but ({length},) is needed: one mass per entry")
    bad = np.flatnonzero(~np.isfinite(target) | (target < 0))
    if len(bad):
        raise InputError(f"{name}[{bad[0]}] is {target[bad[0]]}; masses must be finite and not negative")
    if not 0 < float(target.sum()) < np.inf:
        raise InputError(f"{name} sums to {float(target.sum())}; give at least one positive mass")
    return target


def checked_bands(lower: Floats, upper: Floats, columns: int) -> tuple[Floats, Floats]:
    """Both bands as float64 `[m]`.

    Raises:
        InputError: wrong length, negative, not finite, or a floor above its cap.
    """
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    if low.shape != (columns,) or high.shape != (columns,):
        raise InputError(f"lower and upper need {columns} entries, one a keyword, not {low.shape} and {high.shape}")
    bad = np.flatnonzero(~(np.isfinite(low) & np.isfinite(high) & (low >= 0) & (low <= high)))
    if len(bad):
        j = int(bad[0])
        raise InputError(f"the band of keyword {j} is [{low[j]}, {high[j]}]; give 0 ≤ lower ≤ upper, finite")
    return low, high
