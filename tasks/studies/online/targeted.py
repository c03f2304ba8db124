"""Concept-targeted batches, in the manner of CABS (concept-aware batch sampling), made from ids and keywords alone.

From a few batches' worth of candidates a batch is filled pair by pair. With `T_c = B t_c` the batch's target of keyword
c and `n_c` what it holds so far, the next pair is the candidate with the greatest mean of `max(0, 1 - n_c / T_c)` over
its keywords; of equal ones, the first. No picture is needed for that, so none of a candidate that is left out is
decoded.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from storage.errors import InputError
from tasks.arrays import Floats, Ids, Int64s, Integers
from tasks.training.data.epoch_order import batches


@dataclass(frozen=True)
class RowKeywords:
    """Keywords of rows, in compressed rows.

    Attributes:
        indptr: `[n + 1]`.
        indices: `[nnz]`.
    """

    indptr: Int64s
    indices: Int64s

    def take(self, rows: Int64s) -> "RowKeywords":
        """Those of some rows, in their order."""
        degrees = self.indptr[rows + 1] - self.indptr[rows]
        indptr = np.concatenate([[0], np.cumsum(degrees)])
        places = np.arange(indptr[-1]) - np.repeat(indptr[:-1] - self.indptr[rows], degrees)
        return RowKeywords(indptr, self.indices[places])


def targeted_batch(keywords: RowKeywords, target: Floats, size: int) -> Int64s:
    """Which candidates make the batch, `[size]`, in the order in which they were chosen.

    Args:
        keywords: of the candidates.
        target: `[m]`, shares of keywords, sum to 1; one of share 0 is never wanted.
        size: B, at most the number of candidates.
    """
    degrees = np.diff(keywords.indptr)
    owner = np.repeat(np.arange(len(degrees)), degrees)
    wanted = size * np.asarray(target, dtype=np.float64)
    missing = (wanted > 0).astype(np.float64)  # max(0, 1 - n / T)
    held = np.zeros(len(wanted))
    free = np.ones(len(degrees), dtype=np.bool_)
    chosen = np.empty(size, np.int64)
    for place in range(size):
        gain = np.bincount(owner, missing[keywords.indices], len(degrees)) / np.maximum(degrees, 1)
        gain[~free] = -1.0
        best = int(gain.argmax())
        chosen[place], free[best] = best, False
        own = keywords.indices[keywords.indptr[best] : keywords.indptr[best + 1]]
        held[own] += 1
        missing[own] = np.maximum(0.0, 1 - held[own] / np.where(wanted[own] > 0, wanted[own], 1.0)) * (wanted[own] > 0)
    return chosen


def targeted_batches(
    ids: Ids, keywords: RowKeywords, target: Floats, *, batch: int, candidates: int, seed: int, start: int = 0
) -> Iterator[Int64s]:
    """Batches of row numbers, `[batch]`, without end, from batch number `start` on.

    Args:
        ids: `[n]`, distinct.
        keywords: of the rows.
        target: `[m]`, shares of keywords.
        batch: B.
        candidates: batches' worth of rows that each is chosen from.
        seed: of the order of candidates.
        start: number of the first batch.

    Raises:
        InputError: there are fewer rows than candidates of one batch.
    """
    if len(ids) < batch * candidates:
        raise InputError(
            f"each batch is chosen from {batch * candidates} pairs, but there are {len(ids)}; lower `candidates`"
        )
    for rows in batches(ids, np.ones(len(ids)), batch=batch * candidates, seed=seed, start=start):
        yield rows[targeted_batch(keywords.take(rows), target, batch)]


def keywords_of(ids: Ids, matched: Ids, lists: Int64s, entries: Integers) -> RowKeywords:
    """The keywords of rows, from those of matched captions in any order; rows without a match have none.

    Args:
        ids: `[n]`, of the rows.
        matched: `[k]`, ids of captions.
        lists: `[k + 1]`, offsets of their keywords.
        entries: `[nnz]`, keyword numbers.
    """
    order = np.argsort(matched, kind="stable")
    place = np.searchsorted(matched[order], ids)
    place = np.minimum(place, max(len(order) - 1, 0))
    found = matched[order[place]] == ids if len(order) else np.zeros(len(ids), dtype=np.bool_)
    row = order[place] if len(order) else np.zeros(len(ids), dtype=np.int64)
    degrees = np.where(found, lists[row + 1] - lists[row], 0) if len(order) else np.zeros(len(ids), dtype=np.int64)
    whole = RowKeywords(np.asarray(lists, dtype=np.int64), np.asarray(entries, dtype=np.int64))
    held = whole.take(row[found]) if found.any() else RowKeywords(np.zeros(1, np.int64), np.empty(0, np.int64))
    return RowKeywords(np.concatenate([[0], np.cumsum(degrees)]), held.indices)
