"""The index of rows: what is drawn, where it lies, and what is wrong with it."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash

from storage.errors import InputError
from storage.tables.shards import read_table, write_table
from tasks.training.data.selection import Drawing, Selection
from tasks.training.data.stream.row_index import RowIndex
from tests.tasks.training.conftest import pairs_table


@pytest.fixture
def shards(tmp_path):
    """Forty pairs in three files of row groups of seven, some without a picture, and one empty file."""
    table = pairs_table(40)
    images = table["image"].to_pylist()
    for row in (3, 21, 39):
        images[row] = None if row == 21 else {"bytes": None, "path": "elsewhere"}
    field = table.schema.field("image")
    table = table.set_column(3, field, pa.array(images, field.type))
    paths = [tmp_path / f"pairs-{number:05d}.parquet" for number in range(4)]
    for path, first, last in zip(paths, (0, 9, 9, 30), (9, 9, 30, 40), strict=True):
        pq.write_table(table.slice(first, last - first), path, row_group_size=7)
    return paths


def test_every_row_with_a_picture_is_read_back(shards):
    index = RowIndex.of(shards, Drawing())
    table = read_table(shards)
    kept = np.setdiff1d(np.arange(40), [3, 21, 39])
    assert np.array_equal(index.ids, table["id"].to_numpy()[kept]) and index.without_image == 3
    examples = index.read(np.arange(37))
    assert list(examples) == list(range(37))
    for row, place in enumerate(kept.tolist()):
        stored = table.slice(place, 1).to_pylist()[0]
        content = stored["image"]["bytes"]
        expected = (stored["id"], stored["key"], stored["caption"], content, xxhash.xxh3_64_intdigest(content))
        assert examples[row] == expected
    some = index.read(np.array([2, 20, 36]))
    assert some == {row: examples[row] for row in (2, 20, 36)}


def test_selected_rows_that_are_not_gone(shards):
    ids = read_table(shards)["id"].to_numpy()
    chosen = Selection(np.sort(ids[5:25]), np.linspace(0.5, 2, 20))
    index = RowIndex.of(shards, Drawing(chosen, gone=np.sort(ids[10:12])))
    kept = np.setdiff1d(np.arange(5, 25), [10, 11, 21])
    assert np.array_equal(index.ids, ids[kept]) and index.without_image == 1
    assert np.array_equal(index.copies, chosen(ids[kept]))
    assert [each.id for each in index.read(np.arange(len(kept))).values()] == ids[kept].tolist()


def test_a_curated_shards_own_copies(tmp_path):
    table = pairs_table(4).append_column("multiplicity", pa.array([3, 0, 1, 2], pa.uint16()))
    write_table(tmp_path / "curated-00000.parquet", table)
    index = RowIndex.of([tmp_path / "curated-00000.parquet"], Drawing())
    assert index.copies.tolist() == [3, 1, 2] and index.place.tolist() == [0, 2, 3]


def test_footers_without_statistics_are_not_believed(tmp_path):
    table = pairs_table(4)
    images = table["image"].to_pylist()
    images[1] = None
    field = table.schema.field("image")
    table = table.set_column(3, field, pa.array(images, field.type))
    pq.write_table(table, tmp_path / "bare.parquet", write_statistics=False)
    assert RowIndex.of([tmp_path / "bare.parquet"], Drawing()).place.tolist() == [0, 2, 3]


def test_what_is_wrong_is_named(shards):
    ids = read_table(shards)["id"].to_numpy()
    with pytest.raises(InputError, match="more than once"):
        RowIndex.of([shards[0], shards[0]], Drawing())
    with pytest.raises(InputError, match="no selected row has an image"):
        RowIndex.of(shards, Drawing(Selection(ids[[3]], np.ones(1))))
    with pytest.raises(InputError, match="1 selected ids are not"):
        RowIndex.of(shards, Drawing(Selection(np.sort(np.append(ids[:2], np.uint64(1))), np.ones(3))))
