"""Rows of different groups that share a key, which no group sees alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from storage.errors import InputError
from storage.tables.shards import count_rows, read_table
from tasks.arrays import Ids

IDS_AT_ONCE = 1 << 25
"""About so many ids are in memory (256 MB); of more rows the ids are read several times, a range of them each time."""


def require_unique_ids(pairs: Sequence[Path]) -> int:
    """The number of rows over some pairs shards, all of whose ids are different; otherwise an `InputError`.

    Two Parquet files whose key column repeats a key, or two sources of one name, give two rows one id, which would
    later draw, weigh and copy them as one.
    """
    rows = sum(count_rows(path) for path in pairs)
    parts = max(1, -(-rows // IDS_AT_ONCE))
    repeated = np.concatenate([_repeated(pairs, part, parts) for part in range(parts)])
    if len(repeated) == 0:
        return rows
    for path in pairs:
        table = read_table(path, ["id", "key", "source"])
        found = np.flatnonzero(table["id"].to_numpy() == repeated[0])
        if len(found):
            key, source = table["key"][int(found[0])].as_py(), table["source"][int(found[0])].as_py()
            break
    raise InputError(
        f"{len(repeated)} keys occur more than once over the files of the sources, such as {key!r} of {source!r}: "
        "name a column of unique keys, or give sources different names"
    )


def _repeated(pairs: Sequence[Path], part: int, parts: int) -> Ids:
    """Ids that occur more than once, each once, of one of `parts` equal ranges of all 64-bit numbers."""
    held = [np.zeros(0, dtype=np.uint64)]
    for path in pairs:
        ids = read_table(path, ["id"])["id"].to_numpy()
        held.append(ids if parts == 1 else ids[(ids >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32) == part])
    sorted_ids = np.concatenate(held)
    del held
    sorted_ids.sort()
    return np.unique(sorted_ids[1:][sorted_ids[1:] == sorted_ids[:-1]])
