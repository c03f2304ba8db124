"""Equal rows of a 0/1 matrix, merged: what depends on a caption's keywords alone need be computed once per set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.arrays import Floats, Ids, Int64s, Integers, Keywords
from tasks.balancing.matrix.incidence import take_rows
from tasks.compiled import compiled


@dataclass(frozen=True)
class DistinctRows:
    """The different keyword sets of a matrix.

    Attributes:
        indptr: `[g + 1]`, offsets of the g sets in compressed rows.
        indices: their keywords.
        member: `[n]`, the set of each row.
        multiplicity: `[g]`, rows of each set.
    """

    indptr: Int64s
    indices: Keywords
    member: Int64s
    multiplicity: Int64s

    def sums(self, values: Floats) -> Floats:
        """Sums `[g]` of a value per row, in the rows' order."""
        return np.bincount(self.member, weights=values, minlength=len(self.multiplicity)).astype(np.float64)


@compiled
def _hashes(indptr: Integers, indices: Integers, out: Ids) -> None:
    """A hash of each row's keywords in `out [n]`."""
    for i in range(indptr.shape[0] - 1):
        state = np.uint64(0x9E3779B97F4A7C15)
        for k in range(indptr[i], indptr[i + 1]):
            state = (state ^ (np.uint64(indices[k]) + np.uint64(1))) * np.uint64(0xBF58476D1CE4E5B9)
            state ^= state >> np.uint64(29)
        out[i] = state


@compiled
def _members(indptr: Integers, indices: Integers, order: Integers, hashes: Ids, member: Integers) -> int:
    """Numbers the sets along `order [n]` in `member [n]`, and returns how many there are.

    Rows of one hash stand together in `order`; a row joins its predecessor's set only if the keywords are equal too.
    """
    number = -1
    for place in range(order.shape[0]):
        i = order[place]
        same = place > 0 and hashes[i] == hashes[order[place - 1]]
        if same:
            j = order[place - 1]
            degree = indptr[i + 1] - indptr[i]
            same = degree == indptr[j + 1] - indptr[j]
            k = 0
            while same and k < degree:
                same = indices[indptr[i] + k] == indices[indptr[j] + k]
                k += 1
        if not same:
            number += 1
        member[i] = number
    return number + 1


def distinct_rows(indptr: Integers, indices: Keywords) -> DistinctRows:
    """Merge equal rows (keywords ascending within a row). Numbering follows a hash of the set, not the rows' order."""
    rows = len(indptr) - 1
    hashes = np.zeros(rows, dtype=np.uint64)
    _hashes(indptr, indices, hashes)
    order = np.argsort(hashes, kind="stable")
    member = np.zeros(rows, dtype=np.int64)
    count = _members(indptr, indices, order, hashes, member)
    first = np.full(count, rows, dtype=np.int64)
    np.minimum.at(first, member, np.arange(rows))
    sets_ptr, sets = take_rows(indptr, indices, first)
    return DistinctRows(sets_ptr, sets, member, np.bincount(member, minlength=count).astype(np.int64))


@compiled
def transpose(indptr: Integers, indices: Integers, columns: int) -> tuple[Integers, Integers]:
    """Compressed columns `(colptr [m + 1], rows [nnz])`, rows ascending within a column."""
    colptr = np.zeros(columns + 1, dtype=np.int64)
    for k in range(indices.shape[0]):
        colptr[indices[k] + 1] += 1
    for j in range(columns):
        colptr[j + 1] += colptr[j]
    place = colptr[:-1].copy()
    rows = np.empty(indices.shape[0], dtype=np.int64)
    for i in range(indptr.shape[0] - 1):
        for k in range(indptr[i], indptr[i + 1]):
            rows[place[indices[k]]] = i
            place[indices[k]] += 1
    return colptr, rows
