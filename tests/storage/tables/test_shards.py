"""Shards: the same files for the same rows, whatever batches they came in; bounded row groups."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.hashing import hash_file
from storage.tables import shards
from storage.tables.payload import payload
from storage.tables.schemas import CURATED, PAIRS, embeddings_schema
from storage.tables.shards import ShardWriter, count_rows, iter_batches, read_table, write_table

rows_of_pairs = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 2**64 - 1),
            "key": st.text(max_size=5),
            "caption": st.text(max_size=30),
            "image": st.none()
            | st.fixed_dictionaries({"bytes": st.none() | st.binary(max_size=60), "path": st.none() | st.just("p")}),
            "label": st.none() | st.integers(0, 9),
            "source": st.just("s"),
            "weight": st.none() | st.floats(0, 9),
            "inclusion": st.none() | st.floats(0, 1),
            "multiplicity": st.none() | st.integers(0, 9),
            "entries": st.none() | st.lists(st.integers(0, 9), max_size=4),
        }
    ),
    max_size=30,
)


def written(directory: Path, batches: list[pa.Table], **limits: int) -> list[str]:
    directory.mkdir()
    with ShardWriter(directory, "part", CURATED, **limits) as writer:
        for batch in batches:
            writer.write(batch)
    assert sorted(directory.iterdir()) == writer.paths and writer.rows == sum(batch.num_rows for batch in batches)
    return [hash_file(path) for path in writer.paths]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=25)
@given(
    rows=rows_of_pairs,
    cuts=st.lists(st.integers(0, 30), max_size=4),
    rows_per_shard=st.integers(1, 12),
    bytes_per_shard=st.integers(1, 900),
)
def test_batches_do_not_count(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict],
    cuts: list[int],
    rows_per_shard: int,
    bytes_per_shard: int,
) -> None:
    root = tmp_path_factory.mktemp("shards")
    limits = {"rows_per_shard": rows_per_shard, "bytes_per_shard": bytes_per_shard}
    table = pa.Table.from_pylist(rows, schema=CURATED)
    edges = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
    views = [table.slice(start, end - start) for start, end in pairwise(edges)]
    copies = [pa.Table.from_pylist(rows[start:end], schema=CURATED) for start, end in pairwise(edges)]
    single = [table.slice(index, 1) for index in range(len(rows))]
    expected = written(root / "whole", [table], **limits)
    assert written(root / "views", views, **limits) == expected
    assert written(root / "copies", copies, **limits) == expected
    assert written(root / "single", single, **limits) == expected
    read = read_table(sorted((root / "whole").iterdir()))
    assert read.schema == CURATED and read.schema.metadata == CURATED.metadata
    assert read.to_pylist() == rows
    assert all(count_rows(path) <= rows_per_shard for path in (root / "whole").iterdir())


@given(rows=rows_of_pairs, start=st.integers(0, 30))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_payload_is_a_property_of_the_row(rows: list[dict], start: int) -> None:
    table = pa.Table.from_pylist(rows, schema=CURATED)
    expected = payload(table)
    assert (payload(table.slice(start)) == expected[start:]).all()
    alone = [payload(pa.Table.from_pylist([row], schema=CURATED))[0] for row in rows]
    assert expected.tolist() == alone
    for row, size in zip(rows, expected):
        assert size >= len(row["caption"].encode()) + len((row["image"] or {}).get("bytes") or b"")


def test_payload_in_closed_form() -> None:
    table = pa.table(
        {
            "text": pa.array(["é", None, ""]),
            "number": pa.array([1, None, 3], pa.int32()),
            "vector": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.float32(), 2)),
            "nested": pa.array([[["a", "bc"], []], None, []], pa.list_(pa.list_(pa.string()))),
            "flag": pa.array([True, False, None]),
            "nothing": pa.nulls(3),
        }
    )
    expected = [
        (4 + 2) + 4 + (4 + 8) + (4 + (4 + (4 + 1) + (4 + 2)) + 4) + 1 + 8,
        4 + 4 + 4 + 4 + 1 + 8,
        4 + 4 + (4 + 8) + 4 + 1 + 8,
    ]
    assert payload(table).tolist() == expected


def test_empty(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, "none", PAIRS) as writer:
        writer.write(PAIRS.empty_table())
    assert [path.name for path in writer.paths] == ["none-00000.parquet"]
    assert read_table(writer.paths).num_rows == 0 and list(iter_batches(writer.paths)) == []
    assert pq.read_schema(writer.paths[0]).equals(PAIRS)


def test_error_closes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ShardWriter(tmp_path, "part", PAIRS):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_limits_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        ShardWriter(tmp_path, "part", PAIRS, rows_per_shard=0)


def test_row_groups_are_bounded_in_rows_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Light rows first and heavy rows after: an average would let the heavy groups grow."""
    monkeypatch.setattr(shards, "BYTES_PER_GROUP", 100_000)
    sizes = [1] * 20_000 + [9_000] * 100
    table = pa.table({"image": pa.array([b"x" * size for size in sizes])})
    write_table(tmp_path / "t.parquet", table)
    footer = pq.read_metadata(tmp_path / "t.parquet")
    groups = [footer.row_group(index).num_rows for index in range(footer.num_row_groups)]
    assert groups[:2] == [8_192, 8_192] and sum(groups) == len(sizes)
    ends = np.cumsum(groups)
    for start, end in zip([0, *ends], ends):
        assert sum(sizes[start : end - 1]) + 4 * (end - 1 - start) < 100_000
    assert [batch.num_rows for batch in iter_batches(tmp_path / "t.parquet", rows=10**6)] == groups


def test_chunks_do_not_change_the_bytes(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(3_000, 16)).astype(np.float32)
    schema = embeddings_schema(16, text=False)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 16)
    table = pa.table([pa.array(range(3_000), pa.uint64()), column], schema=schema)
    write_table(tmp_path / "one.parquet", table)
    write_table(tmp_path / "many.parquet", pa.concat_tables([table.slice(i, 7) for i in range(0, 3_000, 7)]))
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "many.parquet").read_bytes()
    read = np.stack(read_table(tmp_path / "one.parquet")["image"].to_numpy())
    assert (read == vectors).all()


def test_columns_are_checked_and_cast(tmp_path: Path) -> None:
    schema = pa.schema([("id", pa.uint64()), ("text", pa.large_string())])
    with ShardWriter(tmp_path, "part", schema) as writer:
        writer.write(pa.record_batch({"text": pa.array(["a"]), "more": pa.array([1]), "id": pa.array([1], pa.int64())}))
    assert read_table(writer.paths).schema == schema
    pair = {"id": 1, "key": None, "caption": "c", "image": None, "label": None, "source": "s"}
    loose = pa.schema([field.with_nullable(True) for field in PAIRS])
    with pytest.raises(ValueError, match="key"), ShardWriter(tmp_path, "pairs", PAIRS) as writer:
        writer.write(pa.Table.from_pylist([pair], schema=loose))


def test_folder_names_are_not_read_as_columns(tmp_path: Path) -> None:
    folder = tmp_path / "source=a"
    folder.mkdir()
    write_table(folder / "t.parquet", pa.table({"id": [1]}))
    assert read_table(folder / "t.parquet").column_names == ["id"]


def test_no_shards() -> None:
    with pytest.raises(ValueError, match="no shards"):
        read_table([])
