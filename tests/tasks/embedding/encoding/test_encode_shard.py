"""One shard: the rows that go on, the others with their reasons, whatever the batches."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encode_shard import EncodedShard, encode_shard
from tasks.embedding.encoding.encoders import open_encoders
from tasks.embedding.pictures.decoding import decode_image
from tasks.embedding.pictures.pixels import pixel_vector
from tasks.embedding.record import EncoderFiles, EncoderRecord
from tasks.embedding.task import embed
from tests.tasks.embedding.conftest import png, write_pairs

PIXELS = EmbeddingConfig(encoder="pixels", modality="image", pixel_side=8)


def encoded(path: Path, batch_size: int, workers: int = 1, stored: str = "float32") -> tuple[EncodedShard, list[int]]:
    done: list[int] = []
    encoders = open_encoders(PIXELS, EncoderFiles(), "cpu")
    shard = encode_shard(path, encoders, batch_size=batch_size, stored=stored, workers=workers, advance=done.append)
    return shard, done


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
@pytest.mark.parametrize("workers", [1, 3])
def test_batches_and_workers_do_not_matter(tmp_path: Path, batch_size: int, workers: int) -> None:
    images = [png(0), None, png(1), b"broken", png(0), png(2), png(1)]
    path = write_pairs(tmp_path, images).path / "pairs-00000.parquet"
    shard, done = encoded(path, batch_size, workers)
    whole, _ = encoded(path, len(images))
    assert shard.embeddings.equals(whole.embeddings) and shard.rejected.equals(whole.rejected)
    assert sum(done) == len(images)
    assert shard.rejected["key"].to_pylist() == ["row-1", "row-3"]


def test_rows_are_the_vectors_of_their_pictures(tmp_path: Path) -> None:
    path = write_pairs(tmp_path, [png(0), png(1), png(0)]).path / "pairs-00000.parquet"
    shard, _ = encoded(path, 2)
    for row, seed in enumerate((0, 1, 0)):
        picture = decode_image(png(seed))
        assert isinstance(picture, Image.Image)
        vector = pixel_vector(picture, 8).astype(np.float64)
        np.testing.assert_allclose(
            shard.embeddings["image"][row].as_py(), vector / np.linalg.norm(vector), rtol=1e-5, atol=1e-6
        )


def test_a_shard_without_any_picture_keeps_the_width(tmp_path: Path) -> None:
    path = write_pairs(tmp_path, [None, b"broken"]).path / "pairs-00000.parquet"
    shard, done = encoded(path, 2, stored="float16")
    assert len(shard.embeddings) == 0 and len(shard.rejected) == 2 and sum(done) == 2
    assert shard.embeddings.schema.field("image").type.list_size == 3 * 8 * 8


def test_a_picture_of_several_rows_is_encoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tasks.embedding.encoding.encoders as module

    decoded: list[bytes | None] = []
    original = module.decode_image
    monkeypatch.setattr(
        module, "decode_image", lambda content, **sides: (decoded.append(content), original(content, **sides))[1]
    )
    pairs = write_pairs(tmp_path / "pairs", [png(0), b"broken", png(1), png(0), None, b"broken", png(0), None])
    manifest = embed.run(EncoderRecord(EmbeddingConfig(batch_size=2)), pairs, runtime=Runtime(store=tmp_path / "store"))
    assert sorted(decoded, key=str) == sorted([png(0), b"broken", png(1), None], key=str)  # in several threads
    folder = tmp_path / "store" / manifest.name
    table, given = read_table(folder / "embeddings-00000.parquet"), read_table(pairs.path / "pairs-00000.parquet")
    assert table["id"].to_pylist() == given["id"].take([0, 2, 3, 6]).to_pylist()
    assert table["image"][0] == table["image"][2] == table["image"][3] != table["image"][1]
    rejected = read_table(folder / "rejected.parquet").to_pylist()
    reasons = {
        "row-1": "unreadable image",
        "row-4": "missing image",
        "row-5": "unreadable image",
        "row-7": "missing image",
    }
    assert {row["key"]: row["reason"] for row in rejected} == reasons
