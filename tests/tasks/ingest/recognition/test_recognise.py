"""Data as people hold them, and what they are taken for."""

import gzip
import io
import json
import logging
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter, ValidationError

from storage.errors import InputError
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups
from tasks.ingest.recognition.auto import of_a_kind
from tasks.ingest.recognition.recognise import recognise
from tasks.ingest.recognition.roles import roles_of
from tasks.ingest.recognition.sample import format_of, sample
from tasks.ingest.recognition.tars import look_into
from tests.tasks.ingest.conftest import image_bytes, rows_of

RED = image_bytes()


def pictures(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(RED)
    return root


def test_a_folder_with_a_table_of_names_and_captions(tmp_path: Path) -> None:
    root = pictures(tmp_path, "images/1.jpg", "images/2.jpg")
    (root / "list.csv").write_text('file;text;aesthetic_score\n1.jpg;"a; b";5.5\n2.jpg;c d;\n')
    found = recognise(root)
    assert found.kind == "table" and found.scores == ("aesthetic_score",)
    assert found.settings == {
        "caption_column": "text",
        "image_column": "file",
        "image_folder": str(root / "images"),
    }
    assert "2 rows" in found.notes and "fields are separated by ';'" in found.notes
    assert recognise(root / "list.csv") == recognise(root / "l*.csv") == found


def test_a_table_whose_images_are_elsewhere_is_captions_alone(tmp_path: Path) -> None:
    (tmp_path / "list.tsv.gz").write_bytes(gzip.compress(b"title\tfilepath\nA cat\tsomewhere/1.jpg\n"))
    found = recognise(tmp_path)
    assert found.settings == {"caption_column": "title", "image_column": None}
    told = "the images that 'filepath' names were not found, so it is captions alone; one of them is 'somewhere/1.jpg'"
    assert told in found.notes


def test_absolute_paths_are_found_below_the_folder_and_outside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(tmp_path, "own/images/1.jpg", "disk/n01/1.jpg", "disk/n02/2.jpg")
    for folder, names in {
        "own": ["own/images/1.jpg"],
        "one": ["disk/n01/1.jpg"],
        "two": ["disk/n01/1.jpg", "disk/n02/2.jpg", "gone.jpg"],
    }.items():
        (tmp_path / folder).mkdir(exist_ok=True)
        lines = [f"{tmp_path / name},a cat" for name in names]
        (tmp_path / folder / "list.csv").write_text("\n".join(["file,text", *lines]))
    monkeypatch.chdir(tmp_path)
    assert recognise(Path("own")).settings == {"caption_column": "text", "image_column": "file"}
    for folder in ("one", "two"):  # of one class alone, the folder of all classes
        assert recognise(Path(folder)).settings["image_folder"] == str(tmp_path / "disk")


def test_texts_of_before_unicode_and_pictures_of_unread_formats_are_told(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("text,file\na café,1.jpg\na cat,2.jpg\n".encode("cp1252"))
    assert any("1 of its first rows are not UTF-8" in note and "iconv" in note for note in recognise(tmp_path).notes)
    root = pictures(tmp_path / "phone", "1.jpg", "2.HEIC")
    (root / "1.txt").write_text("a cat")
    assert "1 pictures more are of formats that are not read (.heic)" in recognise(root).notes
    (root / "1.txt").unlink()
    (root / "1.jpg").unlink()
    with pytest.raises(InputError, match=r"2\.HEIC are of a format that is not read: make JPEG or PNG"):
        recognise(root)


def test_an_imagefolder_with_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        pictures(tmp_path, f"{split}/1.png")
        (tmp_path / split / "metadata.jsonl").write_text(json.dumps({"file_name": "1.png", "caption": "x"}))
    found = recognise(tmp_path)
    assert found.kind == "imagefolder" and found.settings == {"caption_column": "caption"}
    assert "files by split: test: 1, train: 1; train is taken" in found.notes


def test_images_with_texts(tmp_path: Path) -> None:
    pictures(tmp_path, "a/1.jpg", "a/2.jpg")
    (tmp_path / "a" / "1.txt").write_text("one")
    found = recognise(tmp_path)
    assert found.kind == "sidecar"
    assert found.notes == ["2 images, 1 of them with a text of the same name beside them"]


@pytest.mark.parametrize("paths", [False, True])
def test_parquet_as_pandas_writes_it(tmp_path: Path, paths: bool) -> None:
    pictures(tmp_path, "deep/1.jpg")
    cell = {"bytes": None, "path": "1.jpg"} if paths else {"bytes": RED, "path": None}
    table = pa.table({"caption": pa.array(["x"]).dictionary_encode(), "img": [cell], "n": [1.5], "clip_score": [0.3]})
    pq.write_table(table, tmp_path / "a.parquet")
    found = recognise(tmp_path)
    assert found.kind == "huggingface_parquet" and found.scores == ("clip_score",)
    wanted = {"caption_column": "caption", "image_column": "img"}
    assert found.settings == wanted | ({"images": str(tmp_path / "deep")} if paths else {})


def test_json_lines_of_several_captions(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"captions": ["x", "y"], "label": 3, "url": "https://a/1.jpg"}\n{bad\n')
    found = recognise(tmp_path / "a.jsonl")
    assert found.kind == "jsonl"
    assert found.settings == {"caption_column": "captions", "image_column": None, "label_column": "label"}


def test_a_column_of_sentences_is_taken_for_captions_whatever_its_name() -> None:
    values = {
        "web": pa.array(["http://a b c d e"], pa.large_string()),
        "code": pa.array(["x1"], pa.large_string()),
        "Beschreibung": pa.array(["ein roter Stern"], pa.large_string()),
    }
    assert roles_of(values).caption == "Beschreibung"
    assert roles_of({"code": values["code"]}).caption is None


def tar(path: Path, **members: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "."))
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


def test_tars_as_img2dataset_writes_them(tmp_path: Path) -> None:
    tar(tmp_path / "00000.tar", k0__jpg=RED, k0__txt=b"a cat", k0__json=b'{"caption": "x"}', k1__jpg=RED, k1__txt=b"b")
    pq.write_table(pa.table({"key": ["k0"], "status": ["success"]}), tmp_path / "00000.parquet")
    found = recognise(tmp_path)
    assert found.kind == "webdataset" and found.settings == {}
    assert found.notes[0] == "1 tar, 00000.tar, whose first members are 2 × .jpg, 2 × .txt, 1 × .json"
    assert "img2dataset's tables stand beside them" in found.notes[1]


def test_tars_whose_captions_are_fields(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", k0__jpg=RED, k0__json=b'{"title": ["x"], "text": ""}', k0__cls=b"3")
    assert recognise(path).settings == {"caption": "json.title", "label": "cls"}
    path.write_bytes(path.read_bytes()[:700])  # damaged
    assert look_into(path).caption is None


def test_what_is_nothing_known_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_text("x")
    with pytest.raises(InputError, match=r"holds nothing that is known \(1 × .docx\): known are tars, Parquet, CSV"):
        recognise(tmp_path)
    (tmp_path / "a.jsonl").write_text("[1]\n")
    with pytest.raises(InputError, match="does not begin with lines of JSON objects"):
        sample(tmp_path / "a.jsonl", "json")
    assert [format_of(name) for name in ("a.CSV.gz", "b.ndjson", "c.parquet", "d.json", "e.gz")] == [
        "text", "json", "parquet", None, None,
    ]  # fmt: skip


def test_kind_auto_becomes_a_kind_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "t.csv").write_text("title,other\nA cat,1\n")
    adapter: TypeAdapter[SourceConfig] = TypeAdapter(SourceConfig)
    with caplog.at_level(logging.WARNING, "equipoise.ingest"):
        source = adapter.validate_python({"kind": "auto", "name": "s", "path": str(tmp_path), "quotes": "raw"})
    assert source.kind == "table" and source.caption_column == "title" and source.quotes == "raw"
    assert [row["caption"] for row in rows_of(source, plan_groups(source))[0]] == ["A cat"]
    assert caplog.messages[0].startswith(f"{tmp_path} is taken for kind: table (1 file, t.csv")
    for path, says in ((str(tmp_path / "none"), "does not exist"), (None, "needs a path")):
        with pytest.raises(ValidationError, match=says):
            adapter.validate_python({"kind": "auto", "name": "s", "path": path})
    assert of_a_kind({"kind": "scenes"}) == {"kind": "scenes"}


def test_the_list_of_imagenet_captions_and_the_pictures_beside_it(tmp_path: Path) -> None:
    rows = [{"filename": "n01440764_1.JPEG", "wnid": "n01440764", "title": "a tench", "description": "", "tags": []}]
    listing = tmp_path / "imagenet_captions.json"
    listing.write_text(json.dumps(rows))
    alone = recognise(listing)
    assert (alone.kind, alone.settings) == ("imagenet_captions", {}) and "captions alone" in alone.notes[1]
    root = pictures(tmp_path, "ImageNet/train/n01440764/n01440764_1.JPEG", "ImageNet/val/n01440764/x.JPEG",
                    "ImageNet/train/n01440765/n01440765_1.JPEG", "other/1.jpg")  # fmt: skip
    found = recognise(listing)
    assert found.settings == {"image_folder": str(root / "ImageNet" / "train")}
    assert found.notes[1] == f"2 images of classes in {root / 'ImageNet' / 'train'}"
    source = {"kind": "auto", "name": "ic", "path": str(listing)}
    config = TypeAdapter(SourceConfig).validate_python(of_a_kind(source))
    (row,), _ = rows_of(config)
    assert (row["caption"], row["image"]["bytes"]) == ("a tench", RED)
