"""Rows of different groups that share a key, which no group sees alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from storage.errors import InputError
from storage.tables.shards import read_table


def require_unique_ids(pairs: Sequence[Path]) -> int:
    """The number of rows over some pairs shards, all of whose ids are different; otherwise an `InputError`.

    Two Parquet files whose key column repeats a key, or two sources of one name, give two rows one id, which would
    later draw, weigh and copy them as one. Memory: 8 bytes a row.
    """
    ids = np.concatenate([read_table(path, ["id"])["id"].to_numpy() for path in pairs]) if pairs else np.array([])
    unique, counts = np.unique(ids, return_counts=True)
    repeated = unique[counts > 1]
    if len(repeated) == 0:
        return len(ids)
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
