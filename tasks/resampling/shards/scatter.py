"""First half of the shuffle: a group's selected rows, sorted by shard, in files of one row group a shard.

`pairs`, `matches` and `selection` stand side by side, file by file and row by row, so rows are taken by their place:
nothing is joined.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.tables.payload import payload
from storage.tables.schemas import CURATED, NOTHING, Carried, with_carried
from storage.tables.shards import open_shard
from tasks.resampling.shards.layout import Layout, order_words, shard_of
from tasks.resampling.shards.splits import held_out

WORD, HELD, SHARDS = "order_word", "held_out", b"shards"
BATCH_BYTES = 16 << 20
"""Row groups are read together up to so many bytes: of captions a whole file, of pictures one at a time."""
FILE_BYTES = 256 << 20


def scattered_schema(carried: Carried = NOTHING) -> pa.Schema:
    """What scattered files hold: curated rows with what they carry, their words, and whether they are held out."""
    schema = with_carried(CURATED, carried)
    return schema.append(pa.field(WORD, pa.uint64())).append(pa.field(HELD, pa.bool_())).remove_metadata()


def selected_rows(pairs: Path, matches: Path, selection: Path, layout: Layout) -> Iterator[pa.Table]:
    """The selected rows of one file of pairs, in batches, with the word of each and whether it is held out.

    Raises:
        InputError: the files do not stand side by side.
    """
    chosen = _read(selection)
    rows = chosen.column("row").to_numpy().astype(np.int64)
    matched = _read(matches, ["id", "entries"])
    if len(rows) and int(rows[-1]) >= matched.num_rows:
        raise InputError(f"{matches.name} has {matched.num_rows} rows and does not stand beside {pairs.name}")
    matched = matched.take(pa.array(rows))
    if not matched.column("id").equals(chosen.column("id")):
        raise InputError(
            f"{selection.name} does not stand beside {matches.name}; pass the matches that were drawn from"
        )
    lists = matched.column("entries")
    start = 0
    with open_shard(pairs) as file:
        for groups, count in _batches(file.metadata):
            first, last = np.searchsorted(rows, [start, start + count])
            if first < last:
                table = file.read_row_groups(groups, use_threads=False).combine_chunks()
                taken = table.take(pa.array(rows[first:last] - start))
                yield _laid_out(taken, chosen.slice(first, last - first), lists.slice(first, last - first), layout)
            start += count
    if len(rows) and rows[-1] >= start:
        raise InputError(f"{selection.name} names row {rows[-1]} of {pairs.name}, which has {start}; curate again")


def _batches(footer: pq.FileMetaData) -> Iterator[tuple[list[int], int]]:
    """Row groups to read together, and their rows."""
    groups, rows, size = list[int](), 0, 0
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        if groups and size + group.total_byte_size > BATCH_BYTES:
            yield groups, rows
            groups, rows, size = [], 0, 0
        groups.append(number)
        rows += group.num_rows
        size += group.total_byte_size
    if groups:
        yield groups, rows


def _laid_out(pairs: pa.Table, chosen: pa.Table, entries: pa.ChunkedArray, layout: Layout) -> pa.Table:
    if not pairs.column("id").equals(chosen.column("id")):
        raise InputError("the selection does not stand beside these pairs; pass the pairs that were matched")
    multiplicity = chosen.column("multiplicity").to_numpy().astype(np.int64)
    kept, copies = np.arange(pairs.num_rows), np.zeros(pairs.num_rows, dtype=np.int64)
    if layout.expand:
        kept = np.repeat(kept, multiplicity)
        copies = np.arange(len(kept)) - np.repeat(np.cumsum(multiplicity) - multiplicity, multiplicity)
        multiplicity = np.ones(len(kept), dtype=np.int64)
    order = order_words(chosen.column("id").to_numpy()[kept], copies, layout.seed)
    held = held_out(pairs, layout.validation, seed=layout.seed)[kept]
    columns = {name: pairs.column(name) for name in pairs.column_names}
    columns |= {"weight": chosen.column("weight"), "inclusion": chosen.column("inclusion"), "entries": entries}
    table = pa.table(columns)
    if layout.expand:
        table = table.take(pa.array(kept))
    table = table.append_column("multiplicity", pa.array(multiplicity, pa.uint16()))
    table = table.append_column(WORD, pa.array(order, pa.uint64())).append_column(HELD, pa.array(held))
    schema = scattered_schema(Carried.of([pairs.schema]))
    return table.select(schema.names).cast(schema)


def write_scattered(tables: Iterable[pa.Table], output: Path, shards: int) -> tuple[int, int]:
    """Write `scattered-*.parquet`, each sorted by shard with one row group a shard; returns rows and held-out rows.

    A file closes at 256 MB of rows, which are in memory until then.
    """
    waiting: list[pa.Table] = []
    size = files = rows = held = 0
    for table in tables:
        waiting.append(table)
        size += int(payload(table).sum())
        rows += table.num_rows
        held += int(table.column(HELD).to_numpy().sum())
        if size >= FILE_BYTES:
            _write(pa.concat_tables(waiting), output / f"scattered-{files:05d}.parquet", shards)
            waiting, size, files = [], 0, files + 1
    if waiting or not files:
        table = pa.concat_tables(waiting) if waiting else scattered_schema().empty_table()
        _write(table, output / f"scattered-{files:05d}.parquet", shards)
    return rows, held


def _write(table: pa.Table, path: Path, shards: int) -> None:
    number = shard_of(table.column(WORD).to_numpy(), shards)
    order = np.argsort(number, kind="stable")
    table = table.combine_chunks()  # each `take` below would look through all chunks
    held, starts = np.unique(number[order], return_index=True)
    ends = np.append(starts, len(order))[1:]
    schema = table.schema.with_metadata({SHARDS: json.dumps(held.tolist()).encode()})
    # Read once, by `gather`: written and read fast, rather than as small as could be (as `matching.matches` has it).
    layout = {
        "compression": "zstd",
        "compression_level": -3,
        "use_dictionary": ["source"],
        "write_page_checksum": True,
        "column_encoding": {"entries.list.element": "BYTE_STREAM_SPLIT"},
    }
    with pq.ParquetWriter(path, schema, **layout) as writer:
        for start, stop in zip(starts, ends, strict=True):
            part = table.take(pa.array(order[start:stop])).combine_chunks()
            writer.write_table(part.replace_schema_metadata(schema.metadata), row_group_size=max(1, stop - start))


def _read(path: Path, columns: list[str] | None = None) -> pa.Table:
    with open_shard(path) as file:
        return file.read(columns=columns, use_threads=False)
