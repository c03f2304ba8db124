"""Keyword counts: per shard, merged by addition."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from storage.tables.schemas import COUNTS
from tasks.arrays import Keywords, Words
from tasks.compiled import compiled


def count_entries(matches: pa.LargeListArray | pa.ListArray, counts: Words) -> None:
    """Add to `counts`, uint64 `[entries]`, in how many rows each keyword occurs; `matches` holds each once a row.

    Added in place: a shard touches few of 500,000 counters, and an array of all of them for each shard would cost more
    than the counting.
    """
    _tally(matches.flatten().to_numpy(zero_copy_only=False), counts)


@compiled
def _tally(found: Keywords, counts: Words) -> None:
    for entry in found:
        counts[entry] += np.uint64(1)


def counts_table(counts: Words) -> pa.Table:
    """Words as a `COUNTS` table of the keywords that occur."""
    present = np.flatnonzero(counts)
    return pa.table([pa.array(present, pa.uint32()), pa.array(counts[present], pa.uint64())], schema=COUNTS)


def merge_counts(tables: Iterable[pa.Table], entries: int) -> Words:
    """The sum of several shards' counts, uint64 `[entries]`; order does not matter."""
    total = np.zeros(entries, dtype=np.uint64)
    for table in tables:
        np.add.at(total, table["entry"].to_numpy(), table["count"].to_numpy())
    return total
