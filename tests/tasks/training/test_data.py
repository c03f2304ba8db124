"""Reading pairs and embeddings: selections, multiplicities, both picture stores, and what is wrong with inputs."""

from io import BytesIO

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor

from storage.errors import InputError
from storage.tables.shards import read_table, write_table
from tasks.training.config import AugmentationConfig
from tasks.training.data.augmentation import augment, standardise
from tasks.training.data.embeddings import embedding_batches, read_embeddings
from tasks.training.data.images import Preparation
from tasks.training.data.pairs import read_pairs
from tasks.training.data.prefetch import prefetch
from tasks.training.data.selection import Selection
from tests.tasks.training.conftest import embeddings_table, pairs_table

TRANSFORM = Compose([Resize(32), CenterCrop(32), ToTensor(), Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))])


def tokenizer(texts: list[str]) -> torch.Tensor:
    return torch.tensor([[len(text), ord(text[2])] for text in texts])


def read(paths, selection=None, **options):
    return read_pairs(paths, selection, preparation=Preparation.of(TRANSFORM), tokenizer=tokenizer, **options)


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
    pairs = read(squares, Selection.of(chosen))
    assert dict(zip(pairs.ids.tolist(), pairs.copies.tolist(), strict=True)) == {ids[5]: 2, ids[30]: 1}


def test_a_curated_shards_own_multiplicity(tmp_path):
    table = pairs_table(4).append_column("multiplicity", pa.array([3, 0, 1, 1], pa.uint16()))
    write_table(tmp_path / "curated-00000.parquet", table)
    pairs = read([tmp_path / "curated-00000.parquet"])
    assert sorted(pairs.copies.tolist()) == [1, 1, 3]


def test_pictures_are_the_same_from_memory_and_from_disk(squares, tmp_path):
    rows = np.array([7, 3, 3, 40])
    in_memory = read(squares).pictures.take(rows)
    on_disk = read(squares, scratch=tmp_path / "scratch", decoded_limit=0, workers=2).pictures
    assert (tmp_path / "scratch" / "images.bin").is_file()
    assert np.array_equal(on_disk.take(rows), in_memory)


def test_pictures_without_augmentation_are_the_evaluation_transform(squares):
    pairs = read(squares)
    mean, deviation = pairs.preparation.mean, pairs.preparation.deviation
    content = {row["id"]: row["image"]["bytes"] for row in read_table(squares).to_pylist()}
    expected = torch.stack([TRANSFORM(Image.open(BytesIO(content[identity]))) for identity in pairs.ids[:5].tolist()])
    pictures = pairs.pictures.take(np.arange(5))
    still = augment(pictures, np.arange(5), AugmentationConfig(shift=0), seed=0, step=0, mean=mean, deviation=deviation)
    torch.testing.assert_close(still, expected, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(standardise(pictures, mean=mean, deviation=deviation), expected, atol=1e-6, rtol=1e-6)


def test_augmentation_moves_by_at_most_its_reach_and_any_part_can_be_drawn_alone():
    pictures = np.arange(64 * 3 * 8 * 8, dtype=np.uint64).astype(np.uint8).reshape(64, 3, 8, 8)
    options = {"seed": 5, "step": 9, "mean": (0.0,) * 3, "deviation": (1.0,) * 3}
    config = AugmentationConfig(shift=0.25, flip=True)
    whole = augment(pictures, np.arange(64), config, **options)
    part = augment(pictures[16:32], np.arange(16, 32), config, **options)
    assert torch.equal(whole[16:32], part)
    padded = np.pad(pictures, ((0, 0), (0, 0), (2, 2), (2, 2)), mode="edge") / np.float32(255)
    ways = set()
    for index in range(64):
        found = [
            (down, right, mirrored)
            for down in range(5)
            for right in range(5)
            for mirrored in (False, True)
            if np.allclose(
                padded[index, :, down : down + 8, right : right + 8][:, :, :: -1 if mirrored else 1], whole[index]
            )
        ]
        assert found
        ways.update(found)
    assert len(ways) > 20
    assert not torch.equal(whole, augment(pictures, np.arange(64), config, **{**options, "step": 10}))


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


def test_tokens_are_the_same_from_memory_and_from_disk(squares, tmp_path, monkeypatch):
    in_memory = read(squares).tokens
    monkeypatch.setattr("tasks.training.data.tokens.IN_MEMORY_LIMIT", 0)
    on_disk = read(squares, scratch=tmp_path / "scratch").tokens
    assert (tmp_path / "scratch" / "tokens.npy").is_file()
    rows = np.array([3, 47, 3, 0])
    assert torch.equal(on_disk.take(rows), in_memory.take(rows))
    whole = in_memory.take(np.arange(48))
    assert torch.equal(on_disk.used(), torch.unique(whole))
    assert whole.dtype == torch.int64


def test_what_is_wrong_with_pairs_is_named(squares, tmp_path):
    with pytest.raises(InputError, match="no pairs to train on"):
        read([])
    with pytest.raises(InputError, match="no selected row has an image"):
        read(squares, Selection(np.empty(0, np.uint64), np.empty(0)))
    with pytest.raises(InputError, match="1 selected ids are not"):
        read(squares, _with_unknown(squares))
    with pytest.raises(InputError, match="more than once"):
        read([squares[0], squares[0]])
    ids = np.sort(read_table(squares)["id"].to_numpy())
    with pytest.raises(InputError, match="more than once"):
        read([*squares, squares[1]], Selection(ids, np.ones(48)))
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


def test_embeddings_from_memory_and_from_disk(tmp_path):
    table = embeddings_table(30)
    paths = [tmp_path / "embeddings-00000.parquet", tmp_path / "embeddings-00001.parquet"]
    write_table(paths[0], table.slice(0, 11))
    write_table(paths[1], table.slice(11))
    chosen = Selection.of(pa.table({"id": table["id"].to_numpy()[4:20], "multiplicity": np.arange(16)}))
    in_memory = read_embeddings(paths, chosen)
    on_disk = read_embeddings(paths, chosen, tmp_path / "scratch")
    assert isinstance(on_disk.image, np.memmap)
    assert np.array_equal(on_disk.same_picture, in_memory.same_picture)
    first = next(embedding_batches(in_memory, batch=8, seed=0, start=0))
    second = next(embedding_batches(on_disk, batch=8, seed=0, start=0))
    assert np.array_equal(first.ids, second.ids)
    assert torch.equal(first.images, second.images)
    vectors = {row["id"]: row["text"] for row in table.to_pylist()}
    assert torch.equal(first.texts, torch.tensor([vectors[identity] for identity in first.ids.tolist()]))


def test_what_is_wrong_with_embeddings_is_named(tmp_path):
    path = tmp_path / "embeddings-00000.parquet"
    write_table(path, embeddings_table(5).drop_columns(["text"]))
    with pytest.raises(InputError, match="no column 'text'"):
        read_embeddings([path], None)
    with pytest.raises(InputError, match="no embeddings to train on"):
        read_embeddings([], None)


def test_prefetching_keeps_the_order_and_the_errors():
    def items():
        yield from range(5)
        raise ValueError("at the end")

    for ahead in (0, 1, 3):
        seen = []
        with pytest.raises(ValueError, match="at the end"):
            for item in prefetch(items(), ahead):
                seen.append(item)
        assert seen == list(range(5))
        assert list(prefetch(iter("abc"), ahead)) == ["a", "b", "c"]


def test_a_picture_that_breaks_while_training_is_named(squares, tmp_path):
    pictures = read(squares, scratch=tmp_path / "scratch", decoded_limit=0).pictures
    pictures._ends[3] = pictures._starts[3] + 5
    with pytest.raises(InputError, match="training row 3 cannot be decoded"):
        pictures.take(np.arange(8))
