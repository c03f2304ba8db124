"""Refusals of malformed matrices, targets, bands and orders of half steps, each in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arguments import whole
from tasks.arrays import Floats, Ids, Int64s, Integers, Keywords
from tasks.compiled import Integer, compiled


def check_rows(indptr: Integers, indices: Integers, columns: int) -> None:
    """Refuse offsets and keyword numbers that make no compressed-row matrix; cheap, so every reader of a shard does it.

    Raises:
        InputError: `indptr [n + 1]` does not start at 0, decreases or does not end at `len(indices)`, or a keyword
            number is outside `[0, columns)`.
    """
    if len(indptr) == 0 or indptr[0] != 0 or indptr[-1] != len(indices) or bool(np.any(indptr[1:] < indptr[:-1])):
        raise InputError(
            f"indptr must rise from 0 to the number of matches ({len(indices)}); pass the offsets of a list array"
        )
    if len(indices) == 0:
        return
    least, most = int(indices.min()), int(indices.max())
    if least < 0 or most >= columns:
        raise InputError(
            f"a match names keyword {least if least < 0 else most}, but there are only {columns} keywords, numbered "
            "from 0; match the captions against the same keyword list"
        )


@compiled
def _repeated(indptr: Integers, indices: Integers, columns: int) -> tuple[Integer, Integer]:
    """The first row that holds a keyword twice, and that keyword; (-1, -1) where there is none.

    A row in ascending order shows its repetitions side by side. Only at the first row out of order is a stamp `[m]`
    made, the last row that held each keyword.
    """
    stamp = np.zeros(0, dtype=np.int64)
    for i in range(indptr.shape[0] - 1):
        ascending = True
        for k in range(indptr[i] + 1, indptr[i + 1]):
            if indices[k] == indices[k - 1]:
                return i, np.int64(indices[k])
            ascending = ascending and indices[k] > indices[k - 1]
        if ascending:
            continue
        if stamp.shape[0] == 0:
            stamp = np.full(columns, -1, dtype=np.int64)
        for k in range(indptr[i], indptr[i + 1]):
            if stamp[indices[k]] == i:
                return i, np.int64(indices[k])
            stamp[indices[k]] = i
    return -1, -1


def check_unique(indptr: Integers, indices: Integers, columns: int, ids: Ids | None = None) -> None:
    """Refuse a row that names a keyword twice, in one compiled pass over a matrix that `check_rows` has passed.

    A keyword named twice would count twice in every sum over matches, while `K` is 0/1.

    Raises:
        InputError: naming the row (by its id, where `ids [n]` are given) and the keyword.
    """
    row, keyword = _repeated(indptr, indices, columns)
    if row >= 0:
        caption = f"caption {row} (row {row} of the matrix)" if ids is None else f"caption {int(ids[row])}"
        raise InputError(
            f"{caption} names keyword {keyword} twice; give every keyword of a caption once, as KeywordMatcher does"
        )


def checked_matrix(
    indptr: npt.ArrayLike, indices: npt.ArrayLike, columns: int, *, ids: Ids | None = None
) -> tuple[Int64s, Keywords]:
    """A compressed-row 0/1 matrix as `(indptr [n + 1], indices [nnz])`, which every solver begins with.

    Any whole numbers will do; rows need not be sorted.

    Raises:
        InputError: numbers that are not whole, what `check_rows` refuses, or what `check_unique` refuses.
    """
    columns = whole(columns, "columns", least=0)
    offsets, keywords = _integers(indptr, "indptr"), _integers(indices, "indices")
    check_rows(offsets, keywords, columns)
    rows = np.ascontiguousarray(offsets, dtype=np.int64)
    matches = np.ascontiguousarray(keywords, dtype=np.uint32)
    check_unique(rows, matches, columns, ids)
    return rows, matches


def _integers(values: npt.ArrayLike, name: str) -> Integers:
    """The values as a vector of integers; an empty list, which numpy takes for floats, is one."""
    array = np.asarray(values)
    if array.size == 0 and array.ndim == 1:
        return array.astype(np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"{name} is an array of {array.dtype} with shape {array.shape}; give whole numbers in a row")
    return array


def half_steps(steps: int | Sequence[Literal["x", "y"]]) -> tuple[Literal["x", "y"], ...]:
    """The order of half steps; a number k alternates x, y, x, … (the paper's order).

    Raises:
        InputError: a negative number, or a side other than "x" and "y".
    """
    if isinstance(steps, np.ndarray):
        return half_steps(steps.tolist())
    if not isinstance(steps, Sequence):
        return tuple("x" if k % 2 == 0 else "y" for k in range(whole(steps, "steps", least=0)))
    wrong = [side for side in steps if side not in ("x", "y")]
    if wrong:
        raise InputError(f"steps contains {wrong[0]!r}; a half step is 'x' (captions) or 'y' (keywords)")
    return tuple(steps)


def checked_target(target: npt.ArrayLike, length: int, name: str) -> Floats:
    """The target as float64, refused where it cannot be one.

    Raises:
        InputError: wrong length, a mass that is negative or not finite, or a sum that is not positive.
    """
    masses = np.asarray(target, dtype=np.float64)
    if masses.shape != (length,):
        raise InputError(f"{name} has shape {masses.shape}, but ({length},) is needed: one mass per keyword or row")
    bad = np.flatnonzero(~np.isfinite(masses) | (masses < 0))
    if len(bad):
        raise InputError(f"{name}[{bad[0]}] is {masses[bad[0]]}; masses must be finite and not negative")
    if not 0 < float(masses.sum()) < np.inf:
        raise InputError(f"{name} sums to {float(masses.sum())}; give at least one positive mass")
    return masses


def checked_bands(lower: npt.ArrayLike, upper: npt.ArrayLike, columns: int) -> tuple[Floats, Floats]:
    """Both bands as float64 `[m]`.

    Raises:
        InputError: wrong length, negative, not finite, or a floor above its cap.
    """
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    if low.shape != (columns,) or high.shape != (columns,):
        raise InputError(f"lower and upper need {columns} numbers, one a keyword, not {low.shape} and {high.shape}")
    bad = np.flatnonzero(~(np.isfinite(low) & np.isfinite(high) & (low >= 0) & (low <= high)))
    if len(bad):
        j = int(bad[0])
        raise InputError(f"the band of keyword {j} is [{low[j]}, {high[j]}]; give 0 ≤ lower ≤ upper, finite")
    return low, high
