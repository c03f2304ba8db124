"""The shuffle: ascending words, whatever the buckets, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.tables.shards import ShardWriter, read_table
from tasks.resampling.shards.shuffle import Shuffle


@pytest.mark.parametrize("buckets", [1, 4])
def test_buckets_do_not_change_the_order(tmp_path: Path, buckets: int) -> None:
    generator = np.random.default_rng(0)
    order = generator.integers(0, 2**63, size=300).astype(np.uint64) * np.uint64(2)
    rows = pa.table({"id": pa.array(np.arange(300, dtype=np.uint64))})
    shuffle = Shuffle(tmp_path / "buckets", rows.schema, buckets)
    for start in range(0, 300, 77):
        shuffle.add(rows.slice(start, 77), order[start : start + 77])
    with ShardWriter(tmp_path, "out", rows.schema) as writer:
        shuffle.write(writer)
    ids = read_table(writer.paths).column("id").to_numpy()
    np.testing.assert_array_equal(ids, np.argsort(order, kind="stable"))


@pytest.mark.parametrize("buckets", [1, 4])
def test_equal_words_are_ordered_by_id_and_buckets_removed(tmp_path: Path, buckets: int) -> None:
    ids = np.random.default_rng(1).permutation(100).astype(np.uint64)
    rows = pa.table({"id": pa.array(ids)})
    shuffle = Shuffle(tmp_path / "buckets", rows.schema, buckets)
    shuffle.add(rows, np.full(100, 7, dtype=np.uint64))
    with ShardWriter(tmp_path, "out", rows.schema) as writer:
        shuffle.write(writer)
    written = read_table(writer.paths)
    assert written.column_names == ["id"] and written.column("id").to_pylist() == list(range(100))
    assert not list((tmp_path / "buckets").glob("*.parquet"))


@pytest.mark.parametrize("buckets", [1, 2])
def test_nothing_shuffled_is_an_empty_shard(tmp_path: Path, buckets: int) -> None:
    schema = pa.schema([("id", pa.uint64())])
    with ShardWriter(tmp_path, "out", schema) as writer:
        Shuffle(tmp_path / "buckets", schema, buckets).write(writer)
    assert writer.rows == 0 and read_table(writer.paths).num_rows == 0
