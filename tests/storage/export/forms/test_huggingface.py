"""The folder that `datasets` and the hub take, read back by `datasets` and by `mlcroissant`."""

import io
import json
import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from storage.errors import InputError
from storage.export.croissant import About
from storage.export.forms.huggingface import write_huggingface
from storage.export.forms.imagefolder import write_imagefolder
from storage.export.forms.webdataset import write_webdataset
from storage.export.parts import Job
from storage.tables.schemas import CURATED, Carried, with_carried
from storage.tables.shards import read_table, write_table
from tests.storage.export.curated import curated, picture, row, samples

ABOUT = About("pairs", "some pairs", licence="cc-by-4.0", creators=("somebody",))
CAPTIONS = ("NA", 'a "quote', "tab\there", "two\r\nlines", "nul\x00byte", "<b>é ✓ 漢</b>", " spaces ")


def rows() -> list[dict[str, object]]:
    made = [
        row(number, caption=text, entries=[number, 7], label=number, weight=number / 3, multiplicity=1 + number % 3)
        for number, text in enumerate(CAPTIONS)
    ]
    made[3] |= {"image": {"bytes": picture(3, "PNG"), "path": None}, "inclusion": 0.25, "label": None}
    return made


def exported(folder: Path, job: Job | None = None) -> Path:
    splits = {"train": curated(folder / "in", rows(), 3), "validation": curated(folder / "held", [row(90), row(91)])}
    done = write_huggingface(splits, folder / "out", job, about=ABOUT, card="# A card\n")
    assert (done.rows, done.rejected) == (len(CAPTIONS) + 2, 0)
    return folder / "out"


def test_rows_are_those_of_the_curated_shards(tmp_path: Path) -> None:
    out = exported(tmp_path)
    names = [f"train-{number:05d}-of-00003.parquet" for number in range(3)]
    assert sorted(path.name for path in (out / "data").iterdir()) == [*names, "validation-00000-of-00001.parquet"]
    read = read_table([out / "data" / name for name in names])
    assert read.schema == CURATED and read.to_pylist() == rows()
    column = pq.read_metadata(out / "data" / names[0]).row_group(0).column(0)
    assert column.has_offset_index


def test_the_readme_names_the_files_of_each_split(tmp_path: Path) -> None:
    _, header, body = (exported(tmp_path) / "README.md").read_text().split("---\n", 2)
    told = yaml.safe_load(header)
    assert body == "\n# A card\n"
    assert told["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train-*.parquet"},
        {"split": "validation", "path": "data/validation-*.parquet"},
    ]
    assert (told["license"], told["size_categories"]) == ("cc-by-4.0", ["n<1K"])


def test_equal_rows_make_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    one, two = exported(tmp_path / "a"), exported(tmp_path / "b", Job("x", workers=3))
    for path in one.rglob("*.*"):
        if path.name != "export.json":
            assert path.read_bytes() == (two / path.relative_to(one)).read_bytes()


def test_another_card_is_another_export(tmp_path: Path) -> None:
    shards = {"train": curated(tmp_path / "in", rows())}
    write_huggingface(shards, tmp_path / "out", about=ABOUT, card="one")
    assert write_huggingface(shards, tmp_path / "out", about=ABOUT, card="one").was_there
    with pytest.raises(InputError, match="holds another export"):
        write_huggingface(shards, tmp_path / "out", about=ABOUT, card="two")


def test_read_by_mlcroissant(tmp_path: Path) -> None:
    """It validates without an error, and every record comes out as it went in, the image byte by byte."""
    mlcroissant = pytest.importorskip("mlcroissant")
    logging.getLogger("absl").setLevel(logging.ERROR)
    out = exported(tmp_path)
    described = mlcroissant.Dataset(jsonld=str(out / "croissant.json"))
    assert described.metadata.ctx.issues.errors == set()
    assert json.loads((out / "croissant.json").read_text())["conformsTo"].endswith("/1.1")
    records = list(described.records("pairs"))
    assert len(records) == len(CAPTIONS)
    for record, expected in zip(records, rows(), strict=True):
        image = record["pairs/image"]
        assert image.fp.getvalue() == expected["image"]["bytes"]  # type: ignore[index]
        assert record["pairs/caption"].decode() == expected["caption"]
        assert list(record["pairs/entries"]) == expected["entries"]
        assert (record["pairs/id"], record["pairs/multiplicity"]) == (expected["id"], expected["multiplicity"])
    assert len(list(described.records("pairs-validation"))) == 2


def test_read_by_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    out = exported(tmp_path)
    read = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert set(read) == {"train", "validation"} and read["train"].num_rows == len(CAPTIONS)
    raw = read["train"].cast_column("image", datasets.Image(decode=False))
    for number, (found, expected) in enumerate(zip(raw, rows(), strict=True)):
        assert found["image"]["bytes"] == expected["image"]["bytes"]  # type: ignore[index]
        assert {name: found[name] for name in ("caption", "entries", "weight", "label", "inclusion")} == {
            name: expected[name] for name in ("caption", "entries", "weight", "label", "inclusion")
        }, number
    assert read["train"][0]["image"].size == (8, 8)
    assert io.BytesIO(raw[3]["image"]["bytes"]).getvalue().startswith(b"\x89PNG")


def test_what_rows_carry_travels_along(tmp_path: Path) -> None:
    """Scores, kept columns and concepts, which only some runs have: in the table, in JSON, and in the description."""
    datasets, mlcroissant = pytest.importorskip("datasets"), pytest.importorskip("mlcroissant")
    logging.getLogger("absl").setLevel(logging.ERROR)
    schema = with_carried(CURATED, Carried(frozenset({"clip", "aesthetic"}), frozenset({"url", "id"}), concepts=True))
    concepts = [[{"label": "cat", "score": 0.5}, {"label": "dog", "score": None}], [], None]
    made = [
        row(number)
        | {"scores": {"aesthetic": None, "clip": number / 4}, "kept": {"url": f"u{number}", "id": "own"}}
        | {"concepts": concepts[number]}
        for number in range(3)
    ]
    write_table(tmp_path / "curated-00000.parquet", pa.Table.from_pylist(made, schema=schema))
    paths = [tmp_path / "curated-00000.parquet"]
    write_huggingface({"train": paths}, tmp_path / "out", about=ABOUT, card="")
    read = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert [each["clip"] for each in read["scores"]] == [0, 0.25, 0.5]
    assert [each["url"] for each in read["kept"]] == ["u0", "u1", "u2"]
    assert read["concepts"][0] == concepts[0]
    described = mlcroissant.Dataset(jsonld=str(tmp_path / "out" / "croissant.json"))
    assert described.metadata.ctx.issues.errors == set()
    records = list(described.records("pairs"))
    assert [each["pairs/scores"]["pairs/scores/clip"] for each in records] == [0, 0.25, 0.5]
    assert [each["pairs/kept"]["pairs/kept/url"] for each in records] == [b"u0", b"u1", b"u2"]
    (tar,) = write_webdataset(paths, tmp_path / "tars").files
    write_imagefolder(paths, tmp_path / "folder")
    lines = (tmp_path / "folder" / "train" / "metadata.jsonl").read_text().splitlines()
    for objects in ([json.loads(sample["json"]) for sample in samples([tar])], [json.loads(line) for line in lines]):
        assert [each["clip"] for each in objects] == [0, 0.25, 0.5]
        assert [(each["url"], each["kept"], each["id"]) for each in objects] == [
            (f"u{number}", {"id": "own"}, f"{number:016x}") for number in range(3)
        ]
        assert objects[0]["concepts"] == concepts[0] and "concepts" not in objects[2]
