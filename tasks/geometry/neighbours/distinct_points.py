"""Points as every search here wants them, and exact duplicates put aside."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arrays import Float32s, Floats
from tasks.compiled import compiled


@dataclass(frozen=True)
class DistinctPoints:
    """`points [n, d]` without repetitions.

    points: the distinct rows, float32 `[u, d]`, in order of first appearance. first: position of each in the whole,
    int64 `[u]`. group: for every position of the whole its row in `points`, int64 `[n]`.
    """

    points: np.ndarray
    first: np.ndarray
    group: np.ndarray

    def duplicates(self) -> np.ndarray:
        """Positions that repeat an earlier point, ascending, int64 `[n - u]`."""
        return np.flatnonzero(self.first[self.group] != np.arange(len(self.group)))


def checked_points(points: npt.ArrayLike) -> tuple[Float32s, float]:
    """`points / scale` as contiguous float32 `[n, d]`, and the scale, a power of two.

    Dividing by a power of two changes no digit; it keeps squares of very large or very small coordinates in range.
    Wider numbers (float64, int64) that lie farther from 0 than they spread are moved to 0 first, so that rounding to
    float32 does not take their differences; no distance depends on where the points lie.
    Raises `InputError` for anything but a matrix of finite numbers.
    """
    matrix = _numbers(points)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise InputError(f"points must be a matrix [n, d] with d >= 1, not of shape {tuple(matrix.shape)}")
    largest = float(np.abs(matrix).max(initial=0.0))
    if not np.isfinite(largest):
        row = int(np.flatnonzero(~np.isfinite(matrix).all(axis=1))[0])
        raise InputError(f"point {row} has a coordinate that is not finite; drop such rows before")
    if matrix.dtype.itemsize > 4 or matrix.dtype.kind in "iu":
        matrix = _moved_to_zero(matrix.astype(np.float64, copy=False))
        largest = float(np.abs(matrix).max(initial=0.0))
    scale = 2.0 ** np.floor(np.log2(largest)) if largest > 0 else 1.0
    if 1e-6 < scale < 1e6:
        return matrix.astype(np.float32, copy=False), 1.0
    return (matrix / scale).astype(np.float32), float(scale)


def _numbers(points: npt.ArrayLike) -> npt.NDArray[np.number]:
    """Real numbers as a contiguous array."""
    try:
        array = np.asarray(points)
        array = array.astype(np.float64) if array.dtype.kind in "Ob" else array
    except (TypeError, ValueError) as error:
        raise InputError(f"points must be a matrix of numbers [n, d]: {error}") from None
    if array.dtype.kind not in "iuf":
        raise InputError(f"points must be real numbers, not {array.dtype}")
    return np.ascontiguousarray(array) if array.ndim else array


def _moved_to_zero(matrix: Floats) -> Floats:
    """Points `[n, d]` less the middle of the box around them, where that is farther from 0 than the box is wide."""
    if not len(matrix):
        return matrix
    low, high = matrix.min(axis=0), matrix.max(axis=0)
    middle = low / 2 + high / 2
    return matrix - middle if np.abs(middle).max() > (high / 2 - low / 2).max() * 2 else matrix


def distinct_points(points: np.ndarray) -> DistinctPoints:
    """Put rows that repeat an earlier row exactly (0 and −0 are equal) aside. points: float32 `[n, d]`.

    Rows are brought together by a 64-bit hash and then compared, so a collision of hashes costs nothing but an
    overlooked duplicate, which every search handles as any other pair of near points.
    """
    hashes = _row_hashes(points)
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    if len(first) == len(points):
        identity = np.arange(len(points))
        return DistinctPoints(points, identity, identity)
    leader = first[group]
    leader = np.where((points == points[leader]).all(axis=1), leader, np.arange(len(points)))
    kept, group = np.unique(leader, return_inverse=True)
    return DistinctPoints(points[kept], kept, group)


@compiled
def _row_hashes(points: np.ndarray) -> np.ndarray:
    n, d = points.shape
    hashes = np.empty(n, dtype=np.uint64)
    bits = points.view(np.uint32)
    for i in range(n):
        word = np.uint64(0x9E3779B97F4A7C15)
        for k in range(d):
            value = bits[i, k]
            if value == np.uint32(0x80000000):  # −0
                value = np.uint32(0)
            word = (word ^ np.uint64(value)) * np.uint64(0xBF58476D1CE4E5B9)
            word ^= word >> np.uint64(29)
        hashes[i] = word
    return hashes
