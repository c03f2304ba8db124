"""Data that are not read as they stand: one sentence that says what to do, and doing it works."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.ingest.groups import plan_groups
from tasks.ingest.recognition.recognise import recognise
from tasks.ingest.sources.table.config import TableConfig
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.tasks.ingest.conftest import image_bytes, rows_of


def pictures(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(image_bytes())


def beside(root: Path) -> None:
    pictures(root, "a.jpg", "b.jpg")
    for name in "ab":
        (root / f"{name}.json").write_text(json.dumps({"caption": f"a picture {name}"}))


def coco(root: Path) -> None:
    pictures(root, "train2017/1.jpg")
    (root / "captions.json").write_text('{"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": []}')


def flickr(root: Path) -> None:
    pictures(root, "1.jpg", "2.jpg")
    (root / "results.token").write_text("1.jpg#0\ta cat\n1.jpg#1\tthe cat\n2.jpg#0\ta dog\n")


def listing(root: Path) -> None:
    pictures(root, "1.jpg")
    (root / "it's $(x).json").write_text('[{"image": "1.jpg", "caption": "a cat"}]')


def saved(root: Path) -> None:
    root.mkdir()
    (root / "data-00000-of-00001.arrow").write_bytes(b"ARROW1")


def packed(root: Path) -> None:
    root.mkdir()
    (root / "images.zip").write_bytes(b"PK")


def classes(root: Path) -> None:
    pictures(root, "cat/1.jpg", "dog/1.jpg")


def imagenet_captions(folder: Path) -> None:
    """The authors' file was told to be turned into lines, though it is read as it stands."""
    folder.mkdir()
    rows = [{"filename": "n01440764_10026.JPEG", "wnid": "n01440764", "title": "a tench", "tags": []}]
    (folder / "imagenet_captions.json").write_text(json.dumps(rows))


CASES: dict[Callable[[Path], None], str] = {
    beside: "tar --sort=name -cf data.tar",
    coco: "captions.json has annotations as COCO does",
    flickr: r"as Flickr30k has them: `sed 's/#",
    listing: """jq -c '.[]' 'it'"'"'s $(x).json' > 'it'"'"'s $(x).jsonl'""",
    saved: "datasets.load_from_disk(FOLDER).to_parquet",
    packed: "images.zip is an archive that is not looked into: unpack it",
    imagenet_captions: "kind: imagenet_captions, path: that file, image_folder:",
    classes: "images in folders, as for classes, and no captions",
}


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_one_sentence_says_what_to_do(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "data")
    with pytest.raises(InputError) as said:
        recognise(tmp_path / "data")
    assert CASES[make] in str(said.value) and "\n" not in str(said.value)


def test_a_name_that_cannot_be_printed_is_in_no_command(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.json").write_text("[]")
    with pytest.raises(InputError, match="holds nothing that is known"):
        recognise(tmp_path)


def command(folder: Path) -> str:
    with pytest.raises(InputError) as said:
        recognise(folder)
    return str(said.value).split("`")[1]


def test_flickrs_tokens_become_a_table(tmp_path: Path) -> None:
    flickr(tmp_path / "data")
    subprocess.run(command(tmp_path / "data"), shell=True, check=True, cwd=tmp_path / "data")
    config = TableConfig(
        name="t", path=tmp_path / "data" / "captions.tsv", header=("image", "caption"), caption_column="caption"
    )
    accepted, rejected = rows_of(config, plan_groups(config))
    assert [(row["caption"], row["image"]["path"]) for row in accepted] == [
        ("a cat", "1.jpg"), ("the cat", "1.jpg"), ("a dog", "2.jpg")
    ]  # fmt: skip
    assert not rejected


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar program found")
def test_json_beside_images_becomes_a_tar(tmp_path: Path) -> None:
    beside(tmp_path / "data")
    said = command(tmp_path / "data").replace("FOLDER", str(tmp_path / "data"))
    subprocess.run(said, shell=True, check=True, cwd=tmp_path)
    config = WebdatasetConfig(name="w", path=tmp_path / "data.tar", caption="json.caption")
    accepted, _ = rows_of(config, plan_groups(config))
    assert [row["caption"] for row in accepted] == ["a picture a", "a picture b"]


def test_a_table_without_a_header_loses_no_row(tmp_path: Path) -> None:
    """Conceptual Captions: a caption, TAB, an address."""
    (tmp_path / "cc.tsv").write_text("a red cat on a mat\thttp://h/0.jpg\na dog in the park\thttp://h/1.jpg\n")
    found = recognise(tmp_path / "cc.tsv")
    assert (found.kind, found.settings) == (
        "table",
        {"caption_column": "column_1", "image_column": None, "header": ["column_1", "column_2"]},
    )
    config = TableConfig(name="t", path=tmp_path / "cc.tsv", **found.settings)
    for rows_per_group in (1, 100):
        groups = plan_groups(config.model_copy(update={"rows_per_group": rows_per_group}))
        assert [row["caption"] for row in rows_of(config, groups)[0]] == ["a red cat on a mat", "a dog in the park"]
    with pytest.raises(InputError, match="must name the column 'absent' once"):
        rows_of(config.model_copy(update={"caption_column": "absent"}), plan_groups(config))


def test_a_table_that_is_called_txt(tmp_path: Path) -> None:
    pictures(tmp_path, "images/1.jpg")
    (tmp_path / "captions.txt").write_text("image,caption\n1.jpg,a red cat\n")
    found = recognise(tmp_path)
    config = TableConfig(name="t", path=tmp_path, **found.settings)
    accepted, _ = rows_of(config, plan_groups(config))
    assert [(row["caption"], row["image"]["path"]) for row in accepted] == [("a red cat", "1.jpg")]
