"""The sparse 0/1 matrix of captions against keywords, `K[i, j] = 1` where caption i matches keyword j."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from tasks.arrays import Ids, Int64s, Integers, Keywords
from tasks.balancing.matrix.checks import checked_matrix


@dataclass(frozen=True)
class Incidence:
    """Captions by keywords as compressed rows without values (Arrow's list layout).

    Attributes:
        ids: `[n]`, the captions' ids.
        indptr: `[n + 1]`; caption i holds `indices[indptr[i]:indptr[i + 1]]`.
        indices: `[nnz]`, keyword numbers, ascending and unique within a caption.
        columns: number of keywords m.
    """

    ids: Ids
    indptr: Int64s
    indices: Keywords
    columns: int

    @property
    def rows(self) -> int:
        """Number of captions n."""
        return len(self.ids)

    @property
    def degrees(self) -> Int64s:
        """Keywords in each caption, `[n]`."""
        return np.diff(self.indptr).astype(np.int64)

    @property
    def counts(self) -> Int64s:
        """Captions that hold each keyword, `[m]`."""
        return np.bincount(self.indices, minlength=self.columns).astype(np.int64)

    def take(self, rows: Integers) -> Incidence:
        """The given rows in the given order."""
        indptr, indices = take_rows(self.indptr, self.indices, rows)
        return Incidence(self.ids[rows], indptr, indices, self.columns)

    def keywords_of(self, row: int) -> Keywords:
        """The keywords of one row."""
        return self.indices[self.indptr[row] : self.indptr[row + 1]]


def take_rows(indptr: Integers, indices: Keywords, rows: Integers) -> tuple[Int64s, Keywords]:
    """Rows of a compressed-row matrix in a new order: `(indptr [k + 1], indices)`."""
    starts = np.asarray(indptr[:-1], dtype=np.int64)[rows]
    degrees = np.diff(indptr).astype(np.int64)[rows]
    taken = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(degrees, out=taken[1:])
    positions = np.arange(taken[-1], dtype=np.int64) + np.repeat(starts - taken[:-1], degrees)
    return taken, indices[positions]


def incidence_of(rows: Iterable[Iterable[int]], columns: int) -> Incidence:
    """A small matrix from plain lists of keyword numbers, ids 0, 1, …; for examples and tests."""
    lists = [sorted(set(row)) for row in rows]
    indptr = np.cumsum([0, *map(len, lists)])
    return Incidence(
        np.arange(len(lists), dtype=np.uint64),
        *checked_matrix(indptr, list(chain.from_iterable(lists)), columns),
        columns,
    )
