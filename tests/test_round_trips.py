"""Every export, back through our own ingest and through the libraries that it is for: equal to the byte."""

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.export.croissant import About
from storage.export.forms.embeddings import write_embeddings
from storage.export.forms.huggingface import write_huggingface
from storage.export.forms.imagefolder import write_imagefolder
from storage.export.forms.open_clip_csv import write_open_clip_csv
from storage.export.forms.webdataset import write_webdataset
from storage.tables.schemas import CURATED, Carried, with_carried
from storage.tables.shards import ShardWriter
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.imagefolder.config import ImageFolderConfig
from tasks.ingest.sources.table.config import TableConfig
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.storage.export.curated import picture, row
from tests.storage.export.forms.test_embeddings import CAPTIONS as EMBEDDED
from tests.storage.export.forms.test_embeddings import shard, vector
from tests.tasks.ingest.conftest import rows_of

CAPTIONS = ("NA", 'a "quote"', "a\tb", "two\nlines", "é ✓ 漢", "plain, with a comma", "# no comment", "=1+1")
FORMS = ("JPEG", "PNG", "WEBP")
CARRIED = Carried(frozenset({"clip"}), frozenset({"url"}), concepts=True)
CARRYING = {"scores": ("clip",), "keep": ("url",), "concepts": "concepts"}


def curated(folder: Path, forms: tuple[str, ...] = FORMS) -> list[Path]:
    """Rows of every kind of picture and of captions that trip readers up, with all that rows can carry."""
    rows = [
        row(
            number,
            caption=caption,
            image={"bytes": picture(20 * number, forms[number % len(forms)]), "path": "x"},
            label=number % 3 or None,
            multiplicity=1 + number % 2,
        )
        | {"scores": {"clip": None if number == 1 else number / 8}, "kept": {"url": f"http://h/{number}?a=b&c"}}
        | {"concepts": None if number == 2 else [{"label": f"c{number}", "score": 0.5}, {"label": "d", "score": None}]}
        for number, caption in enumerate(CAPTIONS)
    ]
    schema = with_carried(CURATED, CARRIED)
    folder.mkdir()
    with ShardWriter(folder, "curated", schema, rows_per_shard=3) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=schema))
    return writer.paths


def whole(config: SourceConfig) -> list[dict]:
    accepted, rejected = rows_of(config, plan_groups(config))
    assert not rejected
    return accepted


def told(rows: list[dict], *columns: str) -> list[tuple]:
    """What rows are, whatever they are called."""
    return sorted(
        (each["caption"], (each["image"] or {}).get("bytes"), *(repr(each[column]) for column in columns))
        for each in rows
    )


def original(paths: list[Path], *, copies: bool = False) -> list[dict]:
    rows = pa.concat_tables([pq.read_table(path) for path in paths]).to_pylist()
    return [each for each in rows for _ in range(each["multiplicity"] if copies else 1)]


def hugging_face(paths: list[Path], out: Path) -> None:
    write_huggingface({"train": paths}, out, about=About("a", "b"), card="")


FULL: dict[str, tuple[Callable[..., object], Callable[[Path], SourceConfig], bool]] = {
    "huggingface": (
        hugging_face,
        lambda out: HuggingFaceParquetConfig(name="test", path=out, label_column="label", key_column="key", **CARRYING),
        False,
    ),
    "imagefolder": (
        write_imagefolder,
        lambda out: ImageFolderConfig(name="test", path=out, label_column="label", key_column="key", **CARRYING),
        False,
    ),
    "webdataset": (
        write_webdataset,
        lambda out: WebdatasetConfig(name="test", path=out, label="json.label", **CARRYING),
        True,
    ),
}


@pytest.mark.parametrize("form", FULL)
def test_with_all_that_rows_carry(tmp_path: Path, form: str) -> None:
    write, config, copies = FULL[form]
    paths = curated(tmp_path / "in")
    write(paths, tmp_path / "out")
    columns = ("label", "scores", "kept", "concepts")
    read = whole(config(tmp_path / "out"))
    assert told(read, *columns) == told(original(paths, copies=copies), *columns)
    if not copies:  # the same keys under the same name
        assert {each["key"] for each in read} == {each["key"] for each in original(paths)}


def test_open_clips_csv(tmp_path: Path) -> None:
    paths = curated(tmp_path / "in")
    write_open_clip_csv(paths, tmp_path / "out")
    read = whole(TableConfig(name="test", path=tmp_path / "out" / "pairs.csv", preset="open_clip"))
    changed = pq.read_table(tmp_path / "out" / "rewritten.parquet").to_pylist()
    rewritten = {each["caption"]: each["title"] for each in changed}
    assert rewritten == {"NA": "NA ", "a\tb": "a b", "two\nlines": "two lines"}
    expected = original(paths, copies=True)
    for each in expected:
        each["caption"] = rewritten.get(each["caption"], each["caption"])
    assert told(read) == told(expected)
    with open(tmp_path / "out" / "pairs.csv", newline="", encoding="utf-8") as file:
        assert Counter(each["title"] for each in csv.DictReader(file, delimiter="\t")) == Counter(
            each["caption"] for each in expected
        )


def test_embeddings_and_the_rows_beside_them(tmp_path: Path) -> None:
    write_embeddings([shard(tmp_path, number) for number in range(2)], tmp_path / "out")
    config = HuggingFaceParquetConfig(
        name="test", path=tmp_path / "out" / "metadata", image_column=None, key_column="key", scores=("weight",)
    )
    read = whole(config)
    assert [each["caption"] for each in read] == [EMBEDDED[place] for place in (1, 2, 3, 5)] * 2
    ids = np.array([int(each["key"], 16) for each in read], np.uint64)
    held = np.concatenate([np.load(tmp_path / "out" / "img_emb" / f"img_emb_{number}.npy") for number in range(2)])
    np.testing.assert_array_equal(held, vector(ids, "image"))  # row by row those of the table


def test_datasets_reads_them_by_name(tmp_path: Path) -> None:
    """Of tars its reader wants pictures of one kind: it tells columns by the first samples' extensions."""
    datasets = pytest.importorskip("datasets")
    paths = curated(tmp_path / "in", ("JPEG",))
    hugging_face(paths, tmp_path / "hub")
    write_imagefolder(paths, tmp_path / "folder")
    write_webdataset(paths, tmp_path / "tars")
    cache = str(tmp_path / "cache")
    expected = {each["caption"]: each["image"]["bytes"] for each in original(paths)}

    def load(kind: str, **where: object) -> "datasets.Dataset":
        return datasets.load_dataset(kind, split="train", cache_dir=cache, **where)

    parquet = load("parquet", data_files=sorted(map(str, (tmp_path / "hub" / "data").glob("*.parquet"))))
    folder = load("imagefolder", data_dir=str(tmp_path / "folder"))
    tars = load("webdataset", data_files=sorted(map(str, (tmp_path / "tars").glob("*.tar"))))
    for read, caption, image, copies in (
        (parquet, "caption", "image", False),
        (folder, "text", "image", False),
        (tars, "txt", "jpg", True),
    ):
        raw = read.cast_column(image, datasets.Image(decode=False))
        assert len(raw) == len(original(paths, copies=copies))
        for each in raw:
            content = each[image]["bytes"] or Path(each[image]["path"]).read_bytes()
            assert content == expected[each[caption]]
        assert {each[caption] for each in raw} == set(expected)
        assert read.cast_column(image, datasets.Image())[0][image].size == (8, 8)
