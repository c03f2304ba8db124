"""Rows into the order of their hash words, with memory bounded by a bucket."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.shards import ShardWriter, read_table
from tasks.arrays import Ids

WORD = "order_word"


class Shuffle:
    """Gathers rows with a word each and writes them by ascending word (ties by id).

    Rows go to one of `buckets` (a power of two) files by the word's leading bits, then each bucket is sorted in
    memory; the result does not depend on the number of buckets. One bucket stays in memory.
    """

    def __init__(self, directory: Path, schema: pa.Schema, buckets: int) -> None:
        self._schema = schema.append(pa.field(WORD, pa.uint64()))
        self._bits = max(0, (buckets - 1).bit_length())
        self._memory: list[pa.Table] = []
        self._writers: list[ShardWriter] = []
        if self._bits:
            directory.mkdir(parents=True, exist_ok=True)
            self._writers = [
                ShardWriter(
                    directory, f"bucket-{k:04d}", self._schema, rows_per_shard=1 << 16, bytes_per_shard=32 << 20
                )
                for k in range(1 << self._bits)
            ]

    def add(self, rows: pa.Table, order: Ids) -> None:
        """Add rows with their words `[k]`."""
        rows = rows.append_column(WORD, pa.array(order, pa.uint64()))
        if not self._bits:
            self._memory.append(rows)
            return
        bucket = (order >> np.uint64(64 - self._bits)).astype(np.int64)
        for k in np.unique(bucket):
            self._writers[int(k)].write(rows.filter(pa.array(bucket == k)))

    def write(self, writer: ShardWriter) -> None:
        """Hand all rows to `writer` in order, and remove the buckets."""
        for table in self._buckets():
            order = np.lexsort((table.column("id").to_numpy(), table.column(WORD).to_numpy()))
            table = table.drop_columns([WORD])
            for start in range(0, len(order), 8192):
                writer.write(table.take(pa.array(order[start : start + 8192])))

    def _buckets(self) -> Iterable[pa.Table]:
        if not self._bits:
            yield pa.concat_tables(self._memory) if self._memory else self._schema.empty_table()
            return
        for bucket in self._writers:
            bucket.__exit__(None, None, None)
            yield read_table(bucket.paths)
            for path in bucket.paths:
                path.unlink()
