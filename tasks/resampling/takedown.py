"""Takedown: ids on a tombstone list leave the collection, as if they had never been collected.

Counts are repaired by subtraction, without reading the captions that stay. Because weights follow from counts, and
draws from ids, what is made from repaired counts equals a rebuild without the ids, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from storage.tables.ids import as_ids
from storage.tables.shards import iter_batches
from tasks.arrays import Ids, Int64s, Integers


@dataclass(frozen=True)
class Repaired:
    """Counts after a takedown.

    Attributes:
        counts: `[m]` captions that still hold each keyword.
        removed: ids found and taken out.
        unknown: ids of the list that are not in the collection.
    """

    counts: Int64s
    removed: Ids
    unknown: Ids


def repair_counts(counts: Integers, matches: Sequence[Path], ids: Ids) -> Repaired:
    """Subtract the keywords of the given captions from the counts.

    Args:
        counts: `[m]` before the takedown.
        matches: shards of the `matches` table the counts were made from.
        ids: the tombstone list.

    Raises:
        InputError: a count would fall below zero, so the counts are not of these matches.
    """
    wanted = _tombstones(ids)
    repaired = np.asarray(counts, dtype=np.int64).copy()
    removed = [np.zeros(0, dtype=np.uint64)]
    for batch in iter_batches(list(matches), columns=["id", "entries"]):
        gone = batch.filter(pc.is_in(batch.column("id"), value_set=wanted))
        removed.append(gone.column("id").to_numpy())
        entries = pc.list_flatten(gone.column("entries")).to_numpy(zero_copy_only=False)
        repaired -= np.bincount(entries.astype(np.int64), minlength=len(repaired))
    if len(repaired) and int(repaired.min()) < 0:
        raise InputError(
            f"keyword {int(np.argmin(repaired))} would be left with a count of {int(repaired.min())}; "
            "pass the counts that were made from these matches"
        )
    found = np.sort(np.concatenate(removed))
    return Repaired(repaired, found, np.setdiff1d(wanted.to_numpy(), found))


def without(paths: Sequence[Path], ids: Ids) -> Iterator[pa.RecordBatch]:
    """The rows of any table with a column `id` that are not on the tombstone list, batch by batch, in order."""
    wanted = _tombstones(ids)
    for batch in iter_batches(list(paths)):
        yield batch.filter(pc.invert(pc.is_in(batch.column("id"), value_set=wanted)))


def _tombstones(ids: Ids) -> pa.Array:
    return pa.array(np.unique(as_ids(ids)), pa.uint64())
