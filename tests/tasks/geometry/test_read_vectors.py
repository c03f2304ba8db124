"""Shards of embeddings into one matrix, in the order of ids."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.geometry.read_vectors import read_vectors
from tests.tasks.geometry.conftest import gaussian


def shard(path: Path, ids: list[int], vectors: np.ndarray, kind: type = np.float32) -> Path:
    flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(kind).reshape(-1)), vectors.shape[1])
    write_table(path, pa.table({"id": pa.array(ids, pa.uint64()), "image": flat}))
    return path


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_rows_come_in_the_order_of_ids_however_they_are_sharded(tmp_path: Path, kind: type) -> None:
    ids, vectors = [2**63 + 5, 3, 9, 2**64 - 1, 0], gaussian(5, 4)
    one = [shard(tmp_path / "one.parquet", ids, vectors, kind)]
    parts = [
        shard(tmp_path / "a.parquet", ids[3:], vectors[3:], kind),
        shard(tmp_path / "none.parquet", [], vectors[:0], kind),
        shard(tmp_path / "b.parquet", ids[:3], vectors[:3], kind),
    ]
    for paths in (one, parts):
        found, matrix = read_vectors(paths, "image")
        assert found.tolist() == sorted(ids) and found.dtype == np.uint64 and matrix.dtype == np.float32
        assert np.array_equal(matrix, vectors.astype(kind)[np.argsort(ids)].astype(np.float32))


def test_shards_that_do_not_fit_are_named(tmp_path: Path) -> None:
    good = shard(tmp_path / "good.parquet", [1, 2], gaussian(2, 4))
    with pytest.raises(InputError, match="no text embeddings"):
        read_vectors([good], "text")
    with pytest.raises(InputError, match="id 1 is in the given embeddings more than once"):
        read_vectors([good, shard(tmp_path / "again.parquet", [7, 1], gaussian(2, 4))], "image")
    with pytest.raises(InputError, match=r"several dimensions \[3, 4\]"):
        read_vectors([good, shard(tmp_path / "narrow.parquet", [7], gaussian(1, 3))], "image")
    with pytest.raises(InputError, match="there are no embeddings"):
        read_vectors([], "image")
