"""Ids, weights and matrices that the tests of sampling share."""

from __future__ import annotations

import numpy as np

from storage.tables.ids import row_ids
from tasks.balancing.matrix.incidence import Incidence, incidence_of


def some_ids(n: int) -> np.ndarray:
    return row_ids("sampling", [str(i) for i in range(n)])


def long_tailed(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).pareto(1.2, size=n) + 0.01


def long_tailed_matrix(rows: int, columns: int = 40, seed: int = 0) -> tuple[Incidence, np.ndarray]:
    """Matched captions among others that match nothing: `(matrix of the matched, their row numbers)`."""
    generator = np.random.default_rng(seed)
    share = 1.0 / np.arange(1, columns + 1)
    lists = [
        sorted(set(generator.choice(columns, size=generator.integers(0, 4), p=share / share.sum()).tolist()))
        for _ in range(rows)
    ]
    whole = incidence_of(lists, columns)
    matched = np.flatnonzero(whole.degrees > 0)
    part = whole.take(matched)
    ids = row_ids("realised", [str(i) for i in matched])
    return Incidence(ids, part.indptr, part.indices, columns), matched
