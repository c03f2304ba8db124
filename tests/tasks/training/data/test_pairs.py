"""Reading pairs: selections, multiplicities, rows of one picture, and what is wrong with inputs."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from storage.errors import InputError
from storage.tables.shards import read_table, write_table
from tasks.training.data.images import Preparation
from tasks.training.data.pairs import PairSet, gone_ids, read_pairs
from tasks.training.data.selection import Drawing, Selection
from tasks.training.data.stream.streamed_pairs import StreamedPairs
from tests.tasks.training.conftest import pairs_table
from tests.tasks.training.data.examples import TRANSFORM, read, tokenizer


def test_all_pairs_once_in_the_order_of_their_ids(squares):
    pairs = read(squares)
    table = read_table(squares)
    assert np.array_equal(pairs.ids, np.sort(table["id"].to_numpy()))
    assert (pairs.copies == 1).all()
    captions = dict(zip(table["id"].to_pylist(), table["caption"].to_pylist(), strict=True))
    assert torch.equal(
        pairs.tokens.take(np.arange(48)), tokenizer([captions[identity] for identity in pairs.ids.tolist()])
    )
    again = read(squares[::-1])
    assert np.array_equal(again.ids, pairs.ids)
    assert np.array_equal(again.pictures.take(np.arange(48)), pairs.pictures.take(np.arange(48)))


def test_selected_pairs(squares):
    ids = read_table(squares)["id"].to_numpy()
    chosen = pa.table({"id": ids[[5, 30, 2]], "multiplicity": pa.array([2, 1, 0], pa.uint16())})
    pairs = read(squares, Drawing(Selection.of(chosen)))
    assert dict(zip(pairs.ids.tolist(), pairs.copies.tolist(), strict=True)) == {ids[5]: 2, ids[30]: 1}


def test_a_curated_shards_own_multiplicity(tmp_path):
    table = pairs_table(4).append_column("multiplicity", pa.array([3, 0, 1, 1], pa.uint16()))
    write_table(tmp_path / "curated-00000.parquet", table)
    pairs = read([tmp_path / "curated-00000.parquet"])
    assert sorted(pairs.copies.tolist()) == [1, 1, 3]


def test_rows_of_one_picture_are_known_as_such(tmp_path):
    table = pairs_table(6)
    images = table["image"].to_pylist()
    images[4] = images[1]
    field = table.schema.field("image")
    write_table(tmp_path / "pairs.parquet", table.set_column(3, field, pa.array(images, field.type)))
    pairs = read([tmp_path / "pairs.parquet"])
    place = {identity: row for row, identity in enumerate(pairs.ids.tolist())}
    rows = [place[identity] for identity in table["id"].to_pylist()]
    assert pairs.same_picture[rows[1]] == pairs.same_picture[rows[4]]
    assert len(np.unique(pairs.same_picture)) == 5


def test_what_is_wrong_with_pairs_is_named(squares, tmp_path):
    with pytest.raises(InputError, match="no pairs to train on"):
        read_pairs([], Drawing(), preparation=Preparation.of(TRANSFORM), tokenizer=tokenizer)
    with pytest.raises(InputError, match="no selected row has an image"):
        read(squares, Drawing(Selection(np.empty(0, np.uint64), np.empty(0))))
    with pytest.raises(InputError, match="1 selected ids are not"):
        read(squares, Drawing(_with_unknown(squares)))
    with pytest.raises(InputError, match="more than once"):
        read([squares[0], squares[0]])
    ids = np.sort(read_table(squares)["id"].to_numpy())
    with pytest.raises(InputError, match="more than once"):
        read([*squares, squares[1]], Drawing(Selection(ids, np.ones(48))))
    table = pairs_table(2)
    images = pa.array([{"bytes": b"no picture", "path": None}] * 2, table.schema.field("image").type)
    write_table(tmp_path / "broken.parquet", table.set_column(3, table.schema.field("image"), images))
    with pytest.raises(InputError, match="row '0000' cannot be decoded"):
        read([tmp_path / "broken.parquet"])


def _with_unknown(squares) -> Selection:
    known = read_table(squares)["id"].to_numpy()[:1]
    ids = np.sort(np.append(known, np.uint64(1)))
    return Selection(ids, np.ones(2))


def test_rows_without_an_image_are_counted_and_left_out(tmp_path):
    table = pairs_table(4)
    images = table["image"].to_pylist()
    images[1] = None
    field = table.schema.field("image")
    write_table(tmp_path / "some.parquet", table.set_column(3, field, pa.array(images, field.type)))
    pairs = read([tmp_path / "some.parquet"])
    assert (len(pairs.ids), pairs.without_image) == (3, 1)


@pytest.mark.parametrize(("limit", "kind"), ((48 * 3 * 32 * 32, PairSet), (48 * 3 * 32 * 32 - 1, StreamedPairs)))
def test_what_does_not_fit_decoded_is_streamed(squares, limit, kind):
    means = {"preparation": Preparation.of(TRANSFORM), "tokenizer": tokenizer, "decoded_limit": limit}
    assert type(read_pairs(squares, Drawing(), **means)) is kind


def test_rows_that_are_gone_are_left_out(squares, tmp_path):
    ids = read_table(squares)["id"].to_numpy()
    write_table(tmp_path / "gone.parquet", pa.table({"id": ids[[7, 3]]}))
    gone = gone_ids([tmp_path / "gone.parquet"])
    assert np.array_equal(read(squares, Drawing(gone=gone)).ids, np.setdiff1d(ids, ids[[3, 7]]))
    chosen = Selection(np.sort(ids[[3, 5]]), np.ones(2))
    assert read(squares, Drawing(chosen, gone=gone)).ids.tolist() == [ids[5]]
