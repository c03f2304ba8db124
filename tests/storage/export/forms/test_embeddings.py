"""Vectors and their rows, aligned: what clip-retrieval and any reader of `.npy` and Parquet expects."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.export.forms.embeddings import EmbeddedShard, write_embeddings
from storage.export.parts import Job
from storage.tables.schemas import PAIRS, SELECTION, embeddings_schema
from storage.tables.shards import read_table, write_table
from tests.storage.export.curated import row

CAPTIONS = ("NA", "tab\there", "nul\x00byte", "two\nlines", "plain", "é")


def shard(
    folder: Path, number: int, dtype: str = "float32", modalities: tuple[str, ...] = ("image", "text")
) -> EmbeddedShard:
    """Six pairs; all but the first are selected, and all but the fifth embedded, in another order."""
    ids = np.arange(6, dtype=np.uint64) + 10 * number
    rows = [row(int(id_), caption=text) for id_, text in zip(ids, CAPTIONS)]
    pairs = pa.Table.from_pylist([{name: each[name] for name in PAIRS.names} for each in rows], schema=PAIRS)
    copies, places = pa.array([1, 2, 3, 1, 1], pa.uint16()), pa.array(range(1, 6), pa.uint32())
    chosen = pa.table([pa.array(ids[1:]), [0.5] * 5, [None] * 5, copies, places], schema=SELECTION)
    there = np.array([5, 3, 0, 1, 2])
    vectors = {name: vector(ids[there], name, dtype).tolist() for name in modalities}
    schema = embeddings_schema(4, dtype, image="image" in modalities, text="text" in modalities)
    embedded = pa.table({"id": ids[there], **vectors}, schema=schema)
    paths = [folder / f"{name}-{number:05d}.parquet" for name in ("pairs", "selection", "embeddings")]
    for path, table in zip(paths, (pairs, chosen, embedded), strict=True):
        write_table(path, table)
    return EmbeddedShard(*paths)


def vector(ids: np.ndarray, modality: str, dtype: str = "float32") -> np.ndarray:
    return (ids[:, None] + np.arange(4) / 8 + (modality == "text") * 0.5).astype(dtype)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_row_i_is_the_same_pair_in_all_three(tmp_path: Path, dtype: str) -> None:
    done = write_embeddings([shard(tmp_path, number, dtype) for number in range(2)], tmp_path / "out", Job("x", 2))
    assert (done.rows, done.rejected) == (8, 2)
    for number in range(2):
        told = read_table(tmp_path / "out" / "metadata" / f"metadata_{number}.parquet")
        ids = told["id"].to_numpy()
        assert ids.tolist() == [10 * number + place for place in (1, 2, 3, 5)]
        assert told["caption"].to_pylist() == [CAPTIONS[place] for place in (1, 2, 3, 5)]
        assert told["image_path"].to_pylist() == [f"../../{id_}.jpg" for id_ in ids]
        assert told["multiplicity"].to_pylist() == [1, 2, 3, 1]
        for modality, name in (("image", "img_emb"), ("text", "text_emb")):
            read = np.load(tmp_path / "out" / name / f"{name}_{number}.npy", allow_pickle=False)
            assert read.dtype == dtype
            np.testing.assert_array_equal(read, vector(ids, modality, dtype))
    refused = read_table(tmp_path / "out" / "rejected.parquet").to_pylist()
    assert [each["reason"] for each in refused] == ["no embedding"] * 2
    assert [int(each["key"], 16) for each in refused] == [4, 14]


def test_one_modality_alone(tmp_path: Path) -> None:
    write_embeddings([shard(tmp_path, 0, modalities=("image",))], tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["img_emb", "metadata"]
