"""Captions in the order of their keywords, rarest first, for systematic sampling."""

from __future__ import annotations

import numpy as np

from storage.draws import words
from tasks.arrays import Int64s
from tasks.balancing.matrix.incidence import Incidence

KEYS = 3


def keyword_order(matrix: Incidence, *, seed: int) -> Int64s:
    """Positions of the captions sorted by their three rarest keywords (rarest first), then by hash.

    Captions with the same rarest keyword stand together, and the head keywords vary slowly within them. The order
    depends on ids and keywords only, not on how the captions arrived.
    """
    rank = np.empty(matrix.columns, dtype=np.int64)
    rank[np.argsort(matrix.counts, kind="stable")] = np.arange(matrix.columns)
    degrees = matrix.degrees
    rows = np.repeat(np.arange(matrix.rows), degrees)
    held = rank[matrix.indices]
    held = held[np.lexsort((held, rows))]
    starts = matrix.indptr[:-1]
    keys = [words(matrix.ids, seed=seed, purpose="systematic order")]
    for place in range(KEYS - 1, -1, -1):
        key = np.full(matrix.rows, matrix.columns, dtype=np.int64)
        key[degrees > place] = held[starts[degrees > place] + place]
        keys.append(key)
    return np.lexsort(keys)
