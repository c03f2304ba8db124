"""Round trips: every export is read by the readers that it is for, and by our own ingest, equal to the byte."""

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from storage.export.croissant import About
from storage.export.forms.clip_benchmark import write_clip_benchmark
from storage.export.forms.huggingface import write_huggingface
from storage.export.forms.imagefolder import write_imagefolder
from storage.export.forms.open_clip_csv import plain_title, write_open_clip_csv
from storage.export.forms.webdataset import write_webdataset
from storage.tables.shards import read_table
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.read import read_source
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.storage.export.curated import curated, picture, row

CAPTIONS = (
    "plain", "NA", "nan", 'a "quote', '"', "tab\there", "two\r\nlines", "nul\x00byte", "\x1b[31mred", "é ✓ 漢 \u202e",
    " spaces ", "=1+1", "<script>", "a,b;c", "x" * 5_000,
)  # fmt: skip
FORMS = ("JPEG", "PNG", "WEBP")


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """Captions that break readers, in pictures of three kinds, up to three copies of each."""
    return [
        row(number, caption=text, multiplicity=1 + number % 3, label=number, key=f"k{number}.x/{number}",
            image={"bytes": picture(number, FORMS[number % 3]), "path": None})
        for number, text in enumerate(CAPTIONS)
    ]  # fmt: skip


@pytest.fixture
def paths(tmp_path: Path, rows: list[dict[str, Any]]) -> list[Path]:
    return curated(tmp_path / "curated", rows)


def pairs(rows: list[dict[str, Any]], *, copies: bool) -> Counter[tuple[bytes, str]]:
    """Each picture's bytes with its caption, as often as it is drawn."""
    return Counter({(each["image"]["bytes"], each["caption"]): each["multiplicity"] if copies else 1 for each in rows})


def ingested(config: SourceConfig) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Accepted and refused rows of a source."""
    batches = [
        batch for group in plan_groups(config) for batch in read_source(config, group, list(sources_of(config, group)))
    ]
    tables = ([batch.pairs for batch in batches], [batch.rejected for batch in batches])
    pairs, rejected = (pa.concat_tables(each).to_pylist() for each in tables)
    return pairs, rejected


def told(rows: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [(each["key"], each["caption"], each["image"]["bytes"], each["label"]) for each in rows]


def test_parquet_and_our_own_ingest(tmp_path: Path, rows: list[dict[str, Any]], paths: list[Path]) -> None:
    """What is exported and ingested again gives the same pairs: keys, captions, pictures and labels."""
    write_huggingface({"train": paths}, tmp_path / "out", about=About("x", "y"), card="")
    config = HuggingFaceParquetConfig(
        name="again", path=tmp_path / "out" / "data", key_column="key", label_column="label"
    )
    read, rejected = ingested(config)
    assert rejected == [] and told(read) == told(rows)


def test_webdataset_and_our_own_ingest(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """So with tars; a row that could not be exported is in the table beside, and refused with that reason."""
    once = [each | {"multiplicity": 1} for each in rows]
    lost = [row(90, image=None, key="lost"), row(91, key="gif", image={"bytes": b"GIF89a", "path": None})]
    write_webdataset(curated(tmp_path / "once", [*once, *lost]), tmp_path / "out", samples_per_shard=7)
    config = WebdatasetConfig(
        name="again", path=tmp_path / "out", key="json.uid", label="json.label", table="img2dataset"
    )
    read, rejected = ingested(config)
    assert told(read) == told(once)
    assert len(rejected) == 2
    details = " ".join(each["detail"] for each in rejected)
    assert "missing image" in details and "unsupported image format" in details


def test_copies_in_tars_are_rows_of_their_own_by_their_place(
    tmp_path: Path, rows: list[dict[str, Any]], paths: list[Path]
) -> None:
    write_webdataset(paths, tmp_path / "out")
    read, _ = ingested(WebdatasetConfig(name="again", path=tmp_path / "out"))
    assert Counter((each["image"]["bytes"], each["caption"]) for each in read) == pairs(rows, copies=True)
    assert len({each["key"] for each in read}) == len(read)


def test_imagefolder_by_datasets(tmp_path: Path, rows: list[dict[str, Any]], paths: list[Path]) -> None:
    datasets = pytest.importorskip("datasets")
    write_imagefolder(paths, tmp_path / "out")
    cache = str(tmp_path / "cache")
    read = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "out"), split="train", cache_dir=cache)
    raw = read.cast_column("image", datasets.Image(decode=False))
    seen = Counter((Path(each["image"]["path"]).read_bytes(), each["text"]) for each in raw)
    assert seen == pairs(rows, copies=False)
    assert sorted(read["multiplicity"]) == sorted(each["multiplicity"] for each in rows)


def test_webdataset_by_datasets(tmp_path: Path, rows: list[dict[str, Any]], paths: list[Path]) -> None:
    """`datasets` wants the same extensions in every sample of a folder, so the pictures here are of one kind."""
    datasets = pytest.importorskip("datasets")
    same = [each | {"image": {"bytes": picture(place), "path": None}} for place, each in enumerate(rows)]
    write_webdataset(curated(tmp_path / "same", same), tmp_path / "out", samples_per_shard=7)
    cache, files = str(tmp_path / "cache"), str(tmp_path / "out" / "*.tar")
    read = datasets.load_dataset("webdataset", data_files={"train": files}, split="train", cache_dir=cache)
    raw = read.cast_column("jpg", datasets.Image(decode=False))
    seen = Counter((each["jpg"]["bytes"], each["txt"]) for each in raw)
    assert seen == pairs(same, copies=True)


def test_both_of_open_clips_data_types(tmp_path: Path, rows: list[dict[str, Any]], paths: list[Path]) -> None:
    """Its loaders give every pair as often as it is drawn; of a CSV the captions as its tokenizer would have them."""
    data = pytest.importorskip("open_clip_train.data")
    export = write_webdataset(paths, tmp_path / "tars", samples_per_shard=9)
    table = write_open_clip_csv(paths, tmp_path / "csv")
    total = sum(each["multiplicity"] for each in rows)
    assert export.rows == table.rows == total
    pattern = f"{tmp_path}/tars/{{00000000..{len(export.files) - 1:08d}}}.tar"
    args = SimpleNamespace(
        train_data=pattern, train_num_samples=None, train_data_upsampling_factors=None, dataset_resampled=False,
        seed=0, workers=0, world_size=1, batch_size=total, distributed=False, csv_img_key="filepath",
        csv_caption_key="title", csv_separator="\t",
    )  # fmt: skip
    made = data.get_wds_dataset(args, lambda image: image.getpixel((0, 0))[0], True, tokenizer=lambda text: [text])
    (batch,) = made.dataloader
    assert Counter(batch[1]) == Counter({each["caption"]: each["multiplicity"] for each in rows})
    args.train_data = str(table.files[0])
    read = data.get_csv_dataset(args, lambda image: image.size[0], True, tokenizer=lambda texts: texts)
    (batch,) = read.dataloader
    assert Counter(batch[1]) == Counter({plain_title(each["caption"]): each["multiplicity"] for each in rows})
    rewritten = read_table(tmp_path / "csv" / "rewritten.parquet")
    assert {each["caption"] for each in rows} - set(batch[1]) == set(rewritten["caption"].to_pylist())


def test_retrieval_by_clip_benchmark(tmp_path: Path, rows: list[dict[str, Any]], paths: list[Path]) -> None:
    """Its reader gives each picture with its one caption, in which line breaks alone are spaces."""
    builder = pytest.importorskip("clip_benchmark.datasets.builder")
    done = write_clip_benchmark(paths, tmp_path / "out", samples_per_shard=6)
    assert done.rows == len(rows) and done.rewritten == 1
    read = builder.build_wds_dataset("pairs", lambda image: image.size, "test", data_dir=str(tmp_path / "out"))
    seen = list(read)
    assert all(size == (8, 8) for size, _ in seen)
    assert [texts for _, texts in seen] == [[" ".join(each["caption"].splitlines())] for each in rows]


def test_captions_are_where_they_were_in_json_and_tables(tmp_path: Path, paths: list[Path]) -> None:
    write_webdataset(paths, tmp_path / "out")
    beside = read_table(tmp_path / "out" / "00000000.parquet")
    assert set(beside["caption"].to_pylist()) == set(CAPTIONS)
    assert json.loads((tmp_path / "out" / "sizes.json").read_text()) == {"00000000.tar": len(beside)}
