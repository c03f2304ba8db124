"""The keys of rows: a column's, each at most once, or the file's name and the row's place in it."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.arrays import Bools, Ids, Int64s
from tasks.ingest.columns.cells import as_bytes, keys_of
from tasks.ingest.columns.characters import characters
from tasks.ingest.columns.known_ids import KnownIds, seen_before
from tasks.ingest.columns.plain import plain
from tasks.ingest.columns.xxh3 import row_ids
from tasks.ingest.rows.row import Rejection
from tasks.ingest.tables.columns import Columns
from tasks.ingest.tables.shard import Rows, Shard


def numbered_keys(name: str, numbers: Int64s) -> pa.LargeBinaryArray:
    """The keys `<file>:<place>`."""
    before, nothing = (pa.scalar(text, pa.large_string()) for text in (f"{name}:", ""))
    return as_bytes(pc.binary_join_element_wise(before, pa.array(numbers).cast(pa.large_string()), nothing))


def column_keys(
    rows: Rows, column: str, source: str, seen: KnownIds
) -> tuple[pa.LargeBinaryArray, dict[int, Rejection]]:
    """The keys of some rows, and the rows whose keys cannot be keys, by place; the other keys are seen from now on."""
    keys = keys_of(plain(rows.columns[column]))
    usable = _usable(keys, rows)
    repeated = np.zeros(len(keys), np.bool_)
    repeated[usable] = seen.add(row_ids(source, keys)[usable])
    faults: dict[int, Rejection] = {}
    for place in np.flatnonzero(repeated | ~usable).tolist():
        if place in rows.problems:
            continue
        where, key = rows.where(place), keys[place].as_py()
        if usable[place]:
            faults[place] = Rejection(key.decode(), "duplicate key", f"{where} repeats the key of an earlier row")
        else:
            fault = "null" if key is None else "not UTF-8"
            faults[place] = Rejection(where, "malformed row", f"{where}: the key in {column!r} is {fault}")
    return keys, faults


def keys_before(shards: Sequence[Shard], wanted: Sequence[range], columns: Columns, source: str) -> KnownIds:
    """The keys at the `wanted` places of some shards that occur before them too; none where keys are places."""

    def ids(parts: Sequence[range]) -> Iterator[Ids]:
        for shard, part in zip(shards, parts, strict=True):
            for rows in shard.read(columns.only("key"), part) if part else ():
                keys = keys_of(plain(rows.columns[columns.named["key"]]))
                yield row_ids(source, keys)[_usable(keys, rows)]

    if "key" not in columns.named:
        return KnownIds()
    before = [range(min(part.start, shard.places())) for shard, part in zip(shards, wanted, strict=True)]
    if not any(map(len, before)):
        return KnownIds()
    return seen_before(ids(wanted), ids(before))


def _usable(keys: pa.LargeBinaryArray, rows: Rows) -> Bools:
    valid: Bools = keys.is_valid().to_numpy(zero_copy_only=False) & characters(keys).sound
    valid[list(rows.problems)] = False
    return valid
