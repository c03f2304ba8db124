"""What one pass over the matches counts before anything is balanced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from storage.errors import InputError
from tasks.arrays import Floats, Int64s
from tasks.balancing.matrix.match_stream import MatchBlock, MatchStream
from tasks.balancing.result import Unit


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
    """

    rows: int
    matched: int
    matches: int
    gone: int
    counts: Int64s
    base: Floats
    alone: Int64s

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
    total = Census(0, 0, 0, 0, np.zeros(columns, np.int64), np.zeros(columns), np.zeros(columns, np.int64))
    for one in stream.map(partial(_count, columns=columns)):
        total = Census(
            total.rows + one.rows,
            total.matched + one.matched,
            total.matches + one.matches,
            total.gone + one.gone,
            total.counts + one.counts,
            total.base + one.base,
            total.alone + one.alone,
        )
    if total.matched == 0:
        raise InputError(
            f"none of the {total.rows} captions matches any of the {columns} keywords; "
            "check the metadata list against the captions"
        )
    return total


def _count(block: MatchBlock, *, columns: int) -> Census:
    degrees = np.diff(block.indptr)
    share = np.repeat(1.0 / np.maximum(degrees, 1), degrees)
    single = block.indices[block.indptr[:-1][degrees == 1]]
    return Census(
        len(degrees),
        int(np.count_nonzero(degrees)),
        len(block.indices),
        block.gone,
        np.bincount(block.indices, minlength=columns),
        np.bincount(block.indices, weights=share, minlength=columns).astype(np.float64),
        np.bincount(single, minlength=columns),
    )
