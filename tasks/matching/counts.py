"""Keyword counts: per shard, merged by addition."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from storage.schemas import COUNTS


def count_entries(matches: pa.LargeListArray | pa.ListArray, entries: int) -> np.ndarray:
    """In how many rows each entry occurs, uint64 `[entries]`; `matches` holds each entry once a row."""
    found = matches.flatten().to_numpy(zero_copy_only=False)
    return np.bincount(found, minlength=entries).astype(np.uint64)


def counts_table(counts: np.ndarray) -> pa.Table:
    """Counts as a `COUNTS` table of the entries that occur."""
    present = np.flatnonzero(counts)
    return pa.table([pa.array(present, pa.uint32()), pa.array(counts[present], pa.uint64())], schema=COUNTS)


def merge_counts(tables: Iterable[pa.Table], entries: int) -> np.ndarray:
    """The sum of several shards' counts, uint64 `[entries]`; order does not matter."""
    total = np.zeros(entries, dtype=np.uint64)
    for table in tables:
        np.add.at(total, table["entry"].to_numpy(), table["count"].to_numpy())
    return total
