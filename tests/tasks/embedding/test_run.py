"""The stage as a whole: rows out, rejections, resuming, and the same bytes however it is run."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from storage.errors import InputError
from storage.record.external import external
from storage.record.manifest import External
from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import open_encoders
from tasks.embedding.models.clip import Architecture, build_clip, save_clip
from tasks.embedding.pictures.decoding import decode_image
from tasks.embedding.record import EncoderFiles, EncoderRecord
from tasks.embedding.run import embed_shards
from tasks.embedding.stats import EmbedStats
from tasks.embedding.task import embed
from tests.tasks.embedding.conftest import png, write_pairs


def matrix(table: pa.Table, column: str) -> np.ndarray:
    flat = table[column].combine_chunks()
    return flat.flatten().to_numpy().reshape(len(table), -1)


def run(pairs: External, folder: Path, workers: int = 1, **options: object) -> tuple[pa.Table, pa.Table, EmbedStats]:
    config = EmbeddingConfig(**options)
    (folder / "out").mkdir(parents=True)
    stats = embed_shards(
        config, shards=sorted(pairs.path.glob("pairs-*")), opened=lambda: open_encoders(config, EncoderFiles(), "cpu"),
        output=folder / "out", scratch=folder / "scratch", workers=workers,
    )  # fmt: skip
    return read_table(sorted((folder / "out").glob("embeddings-*"))), read_table(folder / "out/rejected.parquet"), stats


def test_rows_rejections_and_unit_vectors(pairs: External, runtime: Runtime) -> None:
    manifest = embed.run(EncoderRecord(EmbeddingConfig()), pairs, runtime=runtime)
    folder = runtime.store / manifest.name
    assert sorted(file.path for file in manifest.files) == [
        "embeddings-00000.parquet", "embeddings-00001.parquet", "rejected.parquet",
    ]  # fmt: skip
    table = read_table(sorted(folder.glob("embeddings-*")))
    given = read_table(sorted(pairs.path.glob("*.parquet")))
    kept = [0, 1, 2, 3, 4, 5, 8]
    assert table["id"].to_pylist() == given["id"].take(kept).to_pylist()
    rejected = read_table(folder / "rejected.parquet").to_pylist()
    assert [(row["key"], row["reason"]) for row in rejected] == [
        ("row-6", "unreadable image"), ("row-7", "missing image"),
    ]  # fmt: skip
    for name in ("image", "text"):
        np.testing.assert_allclose(np.linalg.norm(matrix(table, name), axis=1), 1, atol=1e-6)
    assert manifest.stats["rows"] == 7 and manifest.stats["rejected"] == 2 and manifest.stats["dimension"] == 64
    assert manifest.stats["images_per_second"] > 0


def test_equals_encoding_one_by_one(pairs: External, tmp_path: Path) -> None:
    table, _, _ = run(pairs, tmp_path / "run", seed=5)
    clip = build_clip(Architecture(), seed=5)
    clip.model.eval()
    picture = decode_image(read_table(pairs.path / "pairs-00000.parquet")["image"][2].as_py()["bytes"])
    assert isinstance(picture, Image.Image)
    with torch.no_grad():
        image = clip.model.encode_image(clip.transform(picture)[None], normalize=True)[0]
        text = clip.model.encode_text(clip.tokenizer(["two dogs"]), normalize=True)[0]
    np.testing.assert_allclose(matrix(table, "image")[2], image, atol=1e-5)
    np.testing.assert_allclose(matrix(table, "text")[2], text, atol=1e-5)


def test_workers_do_not_change_a_byte(pairs: External, tmp_path: Path) -> None:
    digests = []
    for workers in (1, 2, 4):
        run(pairs, tmp_path / str(workers), workers=workers, batch_size=2)
        files = sorted((tmp_path / str(workers) / "out").iterdir())
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])
    assert digests[0] == digests[1] == digests[2]


def test_one_modality_alone(pairs: External, tmp_path: Path) -> None:
    image, _, _ = run(pairs, tmp_path / "image", modality="image", stored="float16")
    assert image.column_names == ["id", "image"] and image.schema.field("image").type == pa.list_(pa.float16(), 64)
    text, rejected, stats = run(pairs, tmp_path / "text", modality="text")
    assert text.column_names == ["id", "text"] and len(text) == 9 and not len(rejected)
    assert stats.images_per_second is None


def test_a_separate_text_model_has_its_own_dimension(pairs: External, runtime: Runtime, bert_folder: Path) -> None:
    text_model = external(bert_folder, runtime.store)
    manifest = embed.run(EncoderRecord(EmbeddingConfig(text_length=12), text_model=text_model), pairs, runtime=runtime)
    table = read_table(sorted((runtime.store / manifest.name).glob("embeddings-*")))
    assert manifest.stats["dimensions"] == {"image": 64, "text": 24}
    assert matrix(table, "text").shape == (7, 24)
    assert table["text"][0] == table["text"][4]  # the same caption


def test_a_checkpoint_without_a_description(pairs: External, runtime: Runtime, tmp_path: Path) -> None:
    clip = build_clip(Architecture(name="equipoise-tiny-vit"), seed=2)
    save_clip(tmp_path / "model", clip)
    (tmp_path / "model" / "model.json").unlink()
    model = external(tmp_path / "model", tmp_path)
    with pytest.raises(InputError, match="architecture"):
        embed.run(EncoderRecord(EmbeddingConfig(), model), pairs, runtime=runtime)
    architecture = Architecture(name="equipoise-tiny-vit")
    manifest = embed.run(EncoderRecord(EmbeddingConfig(architecture=architecture), model), pairs, runtime=runtime)
    assert manifest.stats["rows"] == 7


def test_goes_on_where_it_was_killed(pairs: External, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tasks.embedding.run as module

    whole, _, _ = run(pairs, tmp_path / "whole")
    encoded: list[str] = []
    original = module.encode_shard

    def interrupted(path: Path, *rest: object, **options: object) -> object:
        encoded.append(path.name)
        if encoded == ["pairs-00000.parquet", "pairs-00001.parquet"]:
            raise KeyboardInterrupt
        return original(path, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "encode_shard", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(pairs, tmp_path / "killed")
    (tmp_path / "killed" / "out").rmdir()
    resumed, _, _ = run(pairs, tmp_path / "killed")
    assert encoded == ["pairs-00000.parquet", "pairs-00001.parquet", "pairs-00001.parquet"]
    assert resumed.equals(whole)


def test_pixels_tell_near_duplicates(tmp_path: Path) -> None:
    import io

    small = Image.open(io.BytesIO(png(1))).resize((64, 48))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    grey = io.BytesIO()
    Image.new("RGB", (9, 9), (7, 7, 7)).save(grey, "PNG")
    pairs = write_pairs(tmp_path / "pairs", [png(1), png(2), buffer.getvalue(), grey.getvalue()])
    table, rejected, stats = run(pairs, tmp_path / "run", encoder="pixels", modality="image", pixel_side=8)
    vectors = matrix(table, "image")
    assert vectors @ vectors[0] == pytest.approx([1, 0, 1], abs=0.25)
    assert rejected["reason"].to_pylist() == ["no direction"] and stats.dimension == 192


def test_nothing_usable_is_one_clear_error(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs", [b"no image", None])
    with pytest.raises(InputError, match=r"no row could be encoded; the first, 'row-0': unreadable image"):
        run(pairs, tmp_path / "run")
    empty = External(path=tmp_path, fingerprint="")
    with pytest.raises(InputError, match="no pairs to encode"):
        run(empty, tmp_path / "other")


def test_an_empty_shard_gives_an_empty_shard(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs", [], [png(0)])
    table, _, _ = run(pairs, tmp_path / "run")
    assert len(table) == 1
    assert len(read_table(tmp_path / "run/out/embeddings-00000.parquet")) == 0
