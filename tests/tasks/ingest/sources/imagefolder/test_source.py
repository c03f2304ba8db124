"""Hugging Face's imagefolder, as its own library reads it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import InputError
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.sources.imagefolder.config import ImageFolderConfig
from tasks.ingest.sources.imagefolder.read import Beside
from tasks.ingest.tables.columns import columns_of
from tasks.ingest.tables.forms.text import TextShard
from tests.tasks.ingest.conftest import image_bytes, rows_of

ROWS = [{"file_name": "1.png", "text": "a red, star"}, {"file_name": "deep/2.png", "text": "a ring"}]


def folder(root: Path, form: str, *, splits: tuple[str, ...] = ("",)) -> Path:
    for split in splits:
        place = root / split
        (place / "deep").mkdir(parents=True)
        for row in ROWS:
            (place / row["file_name"]).write_bytes(image_bytes(kind="PNG"))
        if form == "csv":
            (place / "metadata.csv").write_text(
                "file_name,text\n" + "".join(f'{row["file_name"]},"{row["text"]}"\n' for row in ROWS)
            )
        elif form == "jsonl":
            (place / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
        else:
            pq.write_table(pa.Table.from_pylist(ROWS), place / "metadata.parquet")
    return root


def rows(root: Path, **options: object) -> tuple[list[dict], list[dict]]:
    config = ImageFolderConfig(name="f", path=root, **options)  # type: ignore[arg-type]
    assert sources_of(config, plan_groups(config)[0]) == (root,)
    return rows_of(config, plan_groups(config))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_metadata_in_any_form(tmp_path: Path, form: str) -> None:
    accepted, rejected = rows(folder(tmp_path / "f", form))
    assert [(row["caption"], row["image"]["path"]) for row in accepted] == [
        (row["text"], row["file_name"]) for row in ROWS
    ]
    assert not rejected


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_folders_that_are_splits(tmp_path: Path, form: str) -> None:
    root = folder(tmp_path / "f", form, splits=("train", "test"))
    accepted, _ = rows(root)
    assert [row["image"]["path"] for row in accepted] == ["train/1.png", "train/deep/2.png"]
    assert len(rows(root, split="all")[0]) == 4


def test_paths_stay_in_the_folder(tmp_path: Path) -> None:
    root = folder(tmp_path / "f", "jsonl", splits=("train",))
    with (root / "train" / "metadata.jsonl").open("a") as file:
        file.write('\n{"file_name": "../../x.png", "text": "out"}\n{"file_name": null, "text": "none"}\n')
        file.write('{"file_name": "/etc/passwd", "text": "absolute"}\n')
    reasons = [row["reason"] for row in rows(root)[1]]
    assert reasons == ["path escapes the image folder", "missing image", "missing image"]


def test_without_metadata_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "metadata.txt").write_text("x")
    with pytest.raises(InputError, match=r"holds no metadata.csv, metadata.jsonl or metadata.parquet: write one"):
        rows(tmp_path)


def test_a_shard_beside_its_images(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("file_name,text\n1.png,a\n")
    columns = columns_of(caption="text", image="file_name", label=None, key=None)
    shard = Beside(TextShard("deep/m.csv", tmp_path / "m.csv", "csv", None), "file_name")
    (found,) = shard.read(columns, range(shard.places()))
    assert found.columns["file_name"].to_pylist() == ["deep/1.png"] and np.array_equal(found.numbers, [0])
