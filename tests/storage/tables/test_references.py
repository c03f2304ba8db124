"""Images by reference: what is read later is what was ingested, or one sentence; in every room that reads pairs."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import xxhash

from storage.errors import InputError
from storage.export.forms.huggingface import write_huggingface
from storage.export.forms.imagefolder import write_imagefolder
from storage.record.external import external
from storage.store.workspace import Runtime
from storage.tables.references import content_hash, content_of, embedded, present, reference
from storage.tables.schemas import CURATED, IMAGE
from storage.tables.shards import read_table, write_table
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.record import EncoderRecord
from tasks.embedding.task import embed
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.task import ingest
from tasks.reporting.inputs.pictures import pictures
from tasks.resampling.shards.splits import image_ids
from tasks.screening.config import DeduplicateConfig
from tasks.screening.task import deduplicate, hash_images
from tasks.training.data.pairs import load_pairs
from tasks.training.data.selection import Drawing
from tasks.training.data.stream.row_index import RowIndex
from tasks.training.selfsupervised.networks import preparation
from tests.storage.export.forms.test_huggingface import ABOUT
from tests.tasks.embedding.conftest import png

PIXELS = EncoderRecord(EmbeddingConfig(encoder="pixels", modality="image"))


@pytest.fixture
def images(tmp_path: Path) -> pa.StructArray:
    """Held, kept, none, a path without bytes, kept under a name with the mark in it."""
    (tmp_path / "a.jpg").write_bytes(b"first")
    (tmp_path / "b#xxh3=0.jpg").write_bytes(b"second")
    first, second = reference(str(tmp_path / "a.jpg"), b"first"), reference(str(tmp_path / "b#xxh3=0.jpg"), b"second")
    rows = [(b"held", "h.jpg"), (None, first), None, (None, "x.jpg"), (None, second)]
    return pa.array([None if row is None else {"bytes": row[0], "path": row[1]} for row in rows], IMAGE)


def test_references_become_bytes_and_all_else_stays(images: pa.StructArray) -> None:
    whole = embedded(images)
    assert whole.type == IMAGE
    assert whole.to_pylist() == [
        {"bytes": b"held", "path": "h.jpg"}, {"bytes": b"first", "path": "a.jpg"}, None,
        {"bytes": None, "path": "x.jpg"}, {"bytes": b"second", "path": "b#xxh3=0.jpg"},
    ]  # fmt: skip
    assert embedded(pa.chunked_array([images.slice(0, 1), images.slice(1)])).equals(whole)
    assert embedded(images.slice(2)).equals(whole.slice(2))
    assert [content_of(image) for image in images.to_pylist()] == [b"held", b"first", None, None, b"second"]
    assert present(images).to_pylist() == [True, True, False, False, True]


def test_without_references_nothing_is_copied(images: pa.StructArray) -> None:
    held = images.slice(0, 1)
    assert embedded(held) is held
    assert embedded(images.slice(2, 2)).to_pylist() == [None, {"bytes": None, "path": "x.jpg"}]
    assert len(embedded(images.slice(0, 0))) == 0


def test_the_hash_is_that_of_the_content(images: pa.StructArray) -> None:
    paths = [(image or {}).get("path") for image in images.to_pylist()]
    assert [content_hash(path) for path in paths] == [
        None, xxhash.xxh3_64_intdigest(b"first"), None, None, xxhash.xxh3_64_intdigest(b"second"),
    ]  # fmt: skip


def test_a_file_that_changed_or_is_gone_is_one_sentence(images: pa.StructArray, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"other")
    with pytest.raises(InputError, match=r"a.jpg was changed after it was ingested by reference; run again"):
        embedded(images)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(InputError, match=r"a.jpg, which was ingested by reference .*cannot be read \(No such file"):
        embedded(images)


def both_ways(tmp_path: Path, runtime: Runtime) -> list[list[Path]]:
    """Shards of the pairs of one source whose images lie in a folder: embedded, and kept."""
    folder = tmp_path / "images"
    folder.mkdir()
    for row in range(4):
        (folder / f"{row}.png").write_bytes(png(row % 3))
    (folder / "broken.png").write_bytes(png(0)[:50])
    names = [*(f"{row}.png" for row in range(4)), "broken.png", "absent.png"]
    table = pa.table({"caption": [f"picture {row}" for row in range(6)], "image": names})
    pq.write_table(table, tmp_path / "a.parquet")
    made = []
    for way in ("embed", "keep"):
        config = HuggingFaceParquetConfig(name="a", path=tmp_path / "a.parquet", images=folder, image_content=way)  # type: ignore[arg-type]
        (group,) = plan_groups(config)
        files = [external(path, runtime.store) for path in sources_of(config, group)]
        manifest = ingest.run(config, group, files, runtime=runtime)
        assert (manifest.stats["rows"], manifest.stats["rejected"]) == (4, 2)
        made.append(sorted((runtime.store / manifest.name).glob("pairs-*.parquet")))
    return made


def test_images_that_are_kept_are_the_same_rows_and_bytes(runtime: Runtime, tmp_path: Path) -> None:
    held, kept = (read_table(paths) for paths in both_ways(tmp_path, runtime))
    assert kept.schema.equals(held.schema)
    assert kept.drop_columns("image").equals(held.drop_columns("image"))
    assert kept["image"].combine_chunks().field("bytes").null_count == 4
    hashes = [hashlib.sha256((tmp_path / "images" / f"{row}.png").read_bytes()).hexdigest() for row in range(4)]
    for table in (held, kept):
        contents = embedded(table["image"]).field("bytes").to_pylist()
        assert [hashlib.sha256(content).hexdigest() for content in contents] == hashes
    assert image_ids(kept).tolist() == image_ids(held).tolist()


def no_tokens(texts: list[str]) -> torch.Tensor:
    return torch.zeros(len(texts), 1, dtype=torch.int64)


def test_what_reads_pairs_reads_images_that_are_kept(runtime: Runtime, tmp_path: Path) -> None:
    """The bytes of the exported files are those of the source, by either way."""
    ways = both_ways(tmp_path, runtime)
    found = []
    for number, paths in enumerate(ways):
        pairs = external(paths[0].parent, tmp_path)
        vectors = embed.run(PIXELS, pairs, runtime=runtime)
        hashed = hash_images.run(pairs, runtime=runtime)
        same = deduplicate.run(DeduplicateConfig(content="image", near=None), [pairs], runtime=runtime)
        read = load_pairs(paths, Drawing(), preparation=preparation(8), tokenizer=no_tokens)
        streamed = RowIndex.of(paths, Drawing())
        contents = [streamed.read(np.arange(4))[row].picture for row in range(4)]
        shown = [picture.image for _, picture in sorted(pictures(paths, read.ids.tolist(), 16).items())]
        curated = tmp_path / f"curated-{number}.parquet"
        extra = {
            "weight": pa.array([1.0] * 4),
            "inclusion": pa.array([1.0] * 4),
            "multiplicity": pa.array([1] * 4, pa.uint16()),
            "entries": pa.array([[0]] * 4, pa.list_(pa.uint32())),
        }
        table = read_table(paths)
        for name, column in extra.items():
            table = table.append_column(name, column)
        write_table(curated, table.cast(CURATED))
        written = write_imagefolder([curated], tmp_path / f"folder-{number}")
        files = sorted(path for path in (tmp_path / f"folder-{number}").rglob("*.png"))
        assert written.rows == 4
        write_huggingface({"train": [curated]}, tmp_path / f"hub-{number}", about=ABOUT, card="")
        hub = next((tmp_path / f"hub-{number}" / "data").glob("train-*.parquet"))
        digests = (vectors.digest, hashed.digest, same.digest)
        exported = [path.read_bytes() for path in files]
        exported += embedded(read_table(hub)["image"]).field("bytes").to_pylist()
        found.append(
            (digests, read.pictures.take(np.arange(4)).tobytes(), read.ids.tolist(), contents, shown, exported)
        )
        assert read_table(hub)["image"].combine_chunks().field("bytes").null_count == 0
    assert found[0] == found[1]
    given = [(tmp_path / "images" / f"{row}.png").read_bytes() for row in range(4)]
    assert sorted(found[0][-1]) == sorted(2 * given)
