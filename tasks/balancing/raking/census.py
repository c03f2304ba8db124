"""What one pass over the matches counts before anything is balanced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from storage.errors import InputError
from tasks.arrays import Floats, Int64s, Keywords
from tasks.balancing.matrix.match_stream import MatchBlock, MatchStream
from tasks.balancing.result import Unit
from tasks.compiled import compiled


@dataclass(frozen=True)
class Census:
    """Counts over all rows.

    Attributes:
        rows: captions, without those that are gone.
        matched: captions with a keyword.
        matches: captions' keywords in all.
        gone: captions that were dropped before matching.
        counts: `[m]` captions of each keyword.
        base: `[m]` captions split over their keywords, `Σ_i K_ij / deg_i`.
        alone: `[m]` captions that hold this keyword and no other.
        lengths: `[longest + 1]` captions that hold so many keywords.
    """

    rows: int
    matched: int
    matches: int
    gone: int
    counts: Int64s
    base: Floats
    alone: Int64s
    lengths: Int64s

    def unit_mass(self, unit: Unit) -> float:
        """Mass of one caption ("rows") or of one match ("pairs") in the starting measure."""
        return 1.0 / (self.matched if unit == "rows" else self.matches)

    def measure(self, unit: Unit) -> Floats:
        """The measure before balancing `[m]`, in captions: `base` ("rows"), or the counts ("pairs")."""
        return self.base if unit == "rows" else self.counts.astype(np.float64)


def census(stream: MatchStream) -> Census:
    """Count all rows.

    Raises:
        InputError: no caption matches any keyword, a match names an unknown keyword, or a caption one twice.
    """
    columns = stream.columns
    rows = gone = 0
    counts, base, alone = np.zeros(columns, np.int64), np.zeros(columns), np.zeros(columns, np.int64)
    lengths = np.zeros(1, np.int64)
    for block in stream.map(partial(_count, columns=columns)):
        rows, gone = rows + block.rows, gone + block.gone
        counts += block.counts
        base += block.base
        alone += block.alone
        lengths = np.pad(lengths, (0, max(0, len(block.lengths) - len(lengths))))
        lengths[: len(block.lengths)] += block.lengths
    total = Census(rows, rows - int(lengths[0]), int(counts.sum()), gone, counts, base, alone, lengths)
    if total.matched == 0:
        raise InputError(
            f"none of the {total.rows} captions matches any of the {columns} keywords; "
            "check the metadata list against the captions"
        )
    return total


def _count(block: MatchBlock, *, columns: int) -> Census:
    lengths = np.bincount(np.diff(block.indptr), minlength=1)
    counts, base, alone = np.zeros(columns, np.int64), np.zeros(columns), np.zeros(columns, np.int64)
    count_keywords(block.indptr, block.indices, counts, base, alone)
    rows = len(block.indptr) - 1
    return Census(rows, rows - int(lengths[0]), len(block.indices), block.gone, counts, base, alone, lengths)


@compiled
def count_keywords(indptr: Int64s, indices: Keywords, counts: Int64s, base: Floats, alone: Int64s) -> None:
    """Adds to `counts`, `base` and `alone`, `[m]` each, as a `Census` has them; `indptr [rows + 1]`."""
    for i in range(indptr.shape[0] - 1):
        degree = indptr[i + 1] - indptr[i]
        if degree == 1:
            alone[indices[indptr[i]]] += 1
        for k in range(indptr[i], indptr[i + 1]):
            counts[indices[k]] += 1
            base[indices[k]] += 1.0 / degree
