"""Parquet shards: zstd, bounded row groups, the same bytes for the same rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

ROWS_PER_GROUP = 8_192
BYTES_PER_GROUP = 64 << 20
ROWS_PER_SHARD = 10_000
BYTES_PER_SHARD = 256 << 20


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="zstd", compression_level=3, write_statistics=True)


def _group_rows(table: pa.Table) -> int:
    """Rows in a row group such that a group stays near `BYTES_PER_GROUP`, whatever the images weigh."""
    row_bytes = max(1, table.nbytes // max(1, table.num_rows))
    return max(1, min(ROWS_PER_GROUP, BYTES_PER_GROUP // row_bytes))


def write_table(path: Path, table: pa.Table) -> None:
    """Write a whole table to one file."""
    with _writer(path, table.schema) as writer:
        writer.write_table(table.combine_chunks(), row_group_size=_group_rows(table))


class ShardWriter:
    """Writes rows to `name-00000.parquet`, `name-00001.parquet`, …; a shard closes at a number of rows or bytes.

    Rows are gathered until a shard is full, so its bytes do not depend on the batches they came in. There is always
    at least one shard, if need be an empty one.
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
        for row_block in self._cut(table):
            self._pending.append(row_block)
            self._pending_rows += row_block.num_rows
            self._pending_bytes += row_block.nbytes
            if self._pending_rows >= self._rows_per_shard or self._pending_bytes >= self._bytes_per_shard:
                self._flush()

    def _cut(self, table: pa.Table) -> Iterator[pa.Table]:
        """Blocks that never straddle two shards, by rows exactly and by bytes row for row."""
        while table.num_rows:
            room = self._rows_per_shard - self._pending_rows
            bytes_left = self._bytes_per_shard - self._pending_bytes
            block = table.slice(0, room)
            if block.nbytes > bytes_left:
                block = block.slice(0, _rows_within(block, bytes_left))
            yield block
            table = table.slice(block.num_rows)

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


def _rows_within(block: pa.Table, limit: int) -> int:
    """The fewest leading rows whose bytes reach `limit` (at least one, so that a huge row still gets a place)."""
    low, high = 1, block.num_rows
    while low < high:
        middle = (low + high) // 2
        if block.slice(0, middle).nbytes >= limit:
            high = middle
        else:
            low = middle + 1
    return low


def read_table(paths: Sequence[Path] | Path, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of some shards, in the order given, as one table."""
    listed = [paths] if isinstance(paths, Path) else list(paths)
    tables = [pq.read_table(path, columns=list(columns) if columns is not None else None) for path in listed]
    if not tables:
        raise ValueError("no shards to read")
    return pa.concat_tables(tables)


def iter_batches(
    paths: Sequence[Path] | Path, columns: Sequence[str] | None = None, rows: int = 8_192
) -> Iterator[pa.RecordBatch]:
    """Rows of some shards, in the order given, a batch at a time: memory is bounded by a row group."""
    for path in [paths] if isinstance(paths, Path) else paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=rows, columns=list(columns) if columns is not None else None)


def count_rows(path: Path) -> int:
    """Rows of one Parquet file, from its footer."""
    return int(ds.dataset(path, format="parquet").count_rows())
