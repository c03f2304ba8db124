"""Streamed batches: every copy, no two copies together, the same from any cut of the data, any start, any rank."""

from itertools import islice, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.training.data.selection import Drawing, Selection
from tasks.training.data.stream import streamed_pairs
from tests.tasks.training.conftest import pairs_table
from tests.tasks.training.data.examples import read, streamed, tokenizer

ROWS = 60
COPIES = np.array([4] * 6 + [1] * 54)


def cut(folder, table: pa.Table, shards: int, group: int):
    """The same rows in the same order, in so many files of row groups of such a size."""
    folder.mkdir()
    bounds = np.linspace(0, len(table), shards + 1).astype(int)
    paths = []
    for number, (first, last) in enumerate(pairwise(bounds)):
        paths.append(folder / f"curated-{number:05d}.parquet")
        pq.write_table(table.slice(first, last - first), paths[-1], row_group_size=group)
    return paths


@pytest.fixture
def curated() -> pa.Table:
    return pairs_table(ROWS).append_column("multiplicity", pa.array(COPIES, pa.uint16()))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(streamed_pairs, "BLOCK_ROWS", 4)
    monkeypatch.setattr(streamed_pairs, "WINDOW", 3)


def drawn(pairs, count, *, batch=10, start=0, part=slice(None)):
    return list(islice(pairs.batches(batch=batch, seed=5, start=start, part=part), count))


def ids_of(batches) -> list[list[int]]:
    return [each.ids.tolist() for each in batches]


def test_rows_are_seen_by_their_copies_and_never_twice_in_a_batch(curated, tmp_path):
    pairs = streamed(cut(tmp_path / "one", curated, 1, 60))
    assert (pairs.block, pairs.passes) == (4, 4)
    epochs = 39 * 4
    batches = ids_of(drawn(pairs, epochs * COPIES.sum() // 10))
    assert all(len(set(ids)) == 10 for ids in batches)
    place = {identity: row for row, identity in enumerate(curated["id"].to_pylist())}
    seen = np.bincount([place[identity] for ids in batches for identity in ids], minlength=ROWS)
    assert abs(seen - epochs * COPIES).max() <= 4  # dealing out crosses the end of the last epoch


def test_what_is_drawn_is_what_is_stored(curated, tmp_path):
    paths = cut(tmp_path / "one", curated, 2, 9)
    whole = read(paths)
    captions = dict(zip(curated["id"].to_pylist(), curated["caption"].to_pylist(), strict=True))
    for each in drawn(streamed(paths, workers=3), 5):
        rows = np.searchsorted(whole.ids, each.ids)
        assert np.array_equal(each.pictures, whole.pictures.take(rows))
        assert torch.equal(each.tokens, tokenizer([captions[identity] for identity in each.ids.tolist()]))


def test_batches_do_not_depend_on_how_the_rows_are_cut_into_shards(curated, tmp_path):
    cuts = ((1, 60), (1, 7), (3, 60), (13, 2))
    runs = [drawn(streamed(cut(tmp_path / f"{cut_}", curated, *cut_)), 20) for cut_ in cuts]
    assert all(ids_of(run) == ids_of(runs[0]) for run in runs)


@pytest.mark.parametrize("start", (1, 7, 8, 19, 40))
def test_any_batch_can_be_started_from(curated, tmp_path, start):
    pairs = streamed(cut(tmp_path / "one", curated, 3, 8))
    assert ids_of(drawn(pairs, 12, start=start)) == ids_of(drawn(pairs, start + 12))[start:]


def test_parts_of_ranks_are_the_whole(curated, tmp_path):
    pairs = streamed(cut(tmp_path / "one", curated, 2, 8))
    parts = [ids_of(drawn(pairs, 9, part=part)) for part in (slice(0, 5), slice(5, 10))]
    assert [first + second for first, second in zip(*parts, strict=True)] == ids_of(drawn(pairs, 9))


def test_captions_of_one_picture_do_not_share_a_batch(tmp_path):
    table = pairs_table(60)
    images = [table["image"][row // 5 * 5].as_py() for row in range(60)]
    field = table.schema.field("image")
    write_table(tmp_path / "pairs.parquet", table.set_column(3, field, pa.array(images, field.type)))
    picture = {identity: row // 5 for row, identity in enumerate(table["id"].to_pylist())}
    for ids in ids_of(drawn(streamed([tmp_path / "pairs.parquet"]), 24, batch=6)):
        assert len({picture[identity] for identity in ids}) == 6


def test_pairs_in_the_order_of_their_source_are_selected_and_mixed(squares, monkeypatch):
    ids = np.sort(read(squares).ids)
    pairs = streamed(squares, Drawing(Selection(ids[::2], np.full(24, 1.5)), gone=ids[:1]))
    assert pairs.passes == streamed_pairs.MOST_PASSES and len(pairs.ids) == 23
    seen = np.concatenate([each.ids for each in drawn(pairs, 23 * 30 // 10)])
    assert set(seen.tolist()) == set(ids[2::2].tolist())
    assert np.unique(seen, return_counts=True)[1] == pytest.approx(30, abs=9)


def test_a_block_holds_as_many_pictures_as_fit(curated, tmp_path, monkeypatch):
    paths = cut(tmp_path / "one", curated, 1, 60)
    monkeypatch.setattr(streamed_pairs, "BLOCK_ROWS", 8_192)
    size = np.mean([len(image["bytes"]) for image in curated["image"].to_pylist()])
    for fitting, block in ((1, 1), (40, 32), (1e6, 8_192)):
        monkeypatch.setattr(streamed_pairs, "BLOCK_BYTES", int(fitting * 1.05 * size))
        assert streamed(paths).block == block


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path):
    table = pairs_table(2)
    images = pa.array([{"bytes": b"no picture", "path": None}] * 2, table.schema.field("image").type)
    write_table(tmp_path / "broken.parquet", table.set_column(3, table.schema.field("image"), images))
    with pytest.raises(InputError, match=r"row '000[01]' cannot be decoded"):
        drawn(streamed([tmp_path / "broken.parquet"]), 1, batch=2)
