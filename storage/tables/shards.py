"""Parquet shards: zstd, bounded row groups, the same bytes for the same rows."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.tables.payload import payload

ROWS_PER_GROUP = 8_192
BYTES_PER_GROUP = 64 << 20
ROWS_PER_SHARD = 10_000
BYTES_PER_SHARD = 256 << 20


def _writer(path: Path, schema: pa.Schema, level: int, encodings: Mapping[str, str]) -> pq.ParquetWriter:
    # Dictionaries pay for short repeating strings; for ids, keys, captions and lists they only cost time and room.
    repeating = [field.name for field in schema if pa.types.is_string(field.type) and field.name != "key"]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=level,
        use_dictionary=repeating,
        column_encoding=dict(encodings) or None,
        write_page_checksum=True,
    )


def write_table(
    path: Path, table: pa.Table, *, level: int = 1, encodings: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Write a whole table to one file.

    A row group closes at `ROWS_PER_GROUP` rows, or at the row whose values bring it to `BYTES_PER_GROUP`. `level` is
    zstd's (negative: faster, larger); `encodings` names Parquet encodings of single columns by their path in the file
    (`entries.list.element`).
    """
    table = table.combine_chunks()
    light = table.nbytes <= BYTES_PER_GROUP  # then no row group can reach the limit, and rows need not be weighed
    ends = np.zeros(table.num_rows, dtype=np.int64) if light else np.cumsum(payload(table))
    with _writer(path, table.schema, level, encodings) as writer:
        start = 0
        while start < table.num_rows:
            rows = min(_rows_within(ends, start, BYTES_PER_GROUP), ROWS_PER_GROUP)
            writer.write_table(table.slice(start, rows), row_group_size=rows)
            start += rows
        if not table.num_rows:
            writer.write_table(table)


def _rows_within(ends: np.ndarray, start: int, limit: int) -> int:
    """The fewest rows from `start` on whose bytes reach `limit`, or all that are left; `ends` are running totals."""
    before = int(ends[start - 1]) if start else 0
    return min(int(np.searchsorted(ends[start:], before + limit)) + 1, len(ends) - start)


class ShardWriter:
    """Writes rows to `name-00000.parquet`, `name-00001.parquet`, …; a shard closes at a number of rows or bytes.

    Rows are gathered until a shard is full and bytes are counted row by row, so neither the cuts nor the files' bytes
    depend on the batches the rows came in. There is always at least one shard, if need be an empty one.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        schema: pa.Schema,
        *,
        rows_per_shard: int = ROWS_PER_SHARD,
        bytes_per_shard: int = BYTES_PER_SHARD,
    ) -> None:
        if rows_per_shard < 1 or bytes_per_shard < 1:
            raise ValueError("a shard holds at least one row and one byte")
        self.paths: list[Path] = []
        self.rows = 0
        self._directory, self._name, self._schema = directory, name, schema
        self._rows_per_shard, self._bytes_per_shard = rows_per_shard, bytes_per_shard
        self._pending: list[pa.Table] = []
        self._pending_rows = self._pending_bytes = 0

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Append rows; their columns are cast to the shard's schema."""
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        table = table.select(self._schema.names).cast(self._schema)
        ends = np.cumsum(payload(table))
        start = 0
        while start < table.num_rows:
            count = min(
                self._rows_per_shard - self._pending_rows,
                _rows_within(ends, start, self._bytes_per_shard - self._pending_bytes),
            )
            self._pending.append(table.slice(start, count))
            self._pending_rows += count
            self._pending_bytes += int(ends[start + count - 1]) - (int(ends[start - 1]) if start else 0)
            start += count
            if self._pending_rows >= self._rows_per_shard or self._pending_bytes >= self._bytes_per_shard:
                self._flush()

    def _flush(self) -> None:
        path = self._directory / f"{self._name}-{len(self.paths):05d}.parquet"
        write_table(path, pa.concat_tables(self._pending) if self._pending else self._schema.empty_table())
        self.paths.append(path)
        self.rows += self._pending_rows
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and (self._pending_rows or not self.paths):
            self._flush()


def open_shard(path: Path, footer: pq.FileMetaData | None = None) -> pq.ParquetFile:
    """One shard, opened: reading a page whose bytes are not as they were written raises `OSError`.

    footer: what `pq.read_metadata` returned, where it was read before.
    """
    return pq.ParquetFile(path, metadata=footer, page_checksum_verification=True)


def read_table(paths: Sequence[Path] | Path, columns: Sequence[str] | None = None, *, threads: bool = True) -> pa.Table:
    """All rows of some shards, in the order given, as one table; `threads=False` where shards are read side by side."""
    tables = [_read_shard(path, columns, threads) for path in ([paths] if isinstance(paths, Path) else paths)]
    if not tables:
        raise ValueError("no shards to read")
    return pa.concat_tables(tables)


def _read_shard(path: Path, columns: Sequence[str] | None, threads: bool) -> pa.Table:
    # `pq.read_table` would set up a data set for the one file, which costs as much as reading a small shard.
    with open_shard(path) as file:
        if columns is None:
            return file.read(use_threads=threads)
        return file.read(columns=list(columns), use_threads=threads).select(list(columns))


def iter_batches(
    paths: Sequence[Path] | Path, columns: Sequence[str] | None = None, rows: int = 8_192
) -> Iterator[pa.RecordBatch]:
    """Rows of some shards, in the order given, a batch at a time: memory is bounded by a row group."""
    for path in [paths] if isinstance(paths, Path) else paths:
        with open_shard(path) as file:
            for group in range(file.num_row_groups):  # a batch across groups of images would hold them all
                yield from file.iter_batches(
                    rows, row_groups=[group], columns=None if columns is None else list(columns)
                )


def count_rows(path: Path) -> int:
    """Rows of one Parquet file, from its footer."""
    return int(pq.read_metadata(path).num_rows)
