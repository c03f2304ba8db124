"""The Gram matrix of a batch of points, on a processor."""

import numpy as np
import torch
from torch import Tensor

from tasks.compiled import compiled

_STRIP = 256
_TILE = 64


def symmetric_product(points: Tensor) -> Tensor:
    """The Gram matrix `points @ points.T`, float32 `[n, n]`, by half of the multiplications.

    A strip of rows is multiplied with what comes before it only, and the rest is its mirror image. (BLAS has `ssyrk`
    for this, but torch does not offer it, and SciPy's OpenBLAS takes threads of its own.)
    """
    n = len(points)
    gram = points.new_empty((n, n))
    for first in range(0, n, _STRIP):
        last = min(n, first + _STRIP)
        torch.mm(points[first:last], points[:last].T, out=gram[first:last, :last])
    _mirror(gram.numpy())
    return gram


@compiled
def _mirror(matrix: np.ndarray) -> None:
    """Copy the lower triangle onto the upper one, tile by tile through a buffer that stays in the first-level cache."""
    n = len(matrix)
    tile = np.empty((_TILE, _TILE), dtype=np.float32)
    for top in range(0, n, _TILE):
        height = min(_TILE, n - top)
        for left in range(0, top + 1, _TILE):
            width = min(_TILE, n - left)
            for i in range(height):
                for j in range(width):
                    tile[j, i] = matrix[top + i, left + j]
            for j in range(width):
                for i in range(j + 1 if left == top else 0, height):
                    matrix[left + j, top + i] = tile[j, i]
