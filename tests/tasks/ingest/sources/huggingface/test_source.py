"""Hugging Face parquet: every form of image, caption, label and key; cells that lie about being UTF-8."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from storage.errors import InputError
from tasks.ingest.groups import plan_groups
from tasks.ingest.rules import Group
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.huggingface.source import HUGGINGFACE_PARQUET
from tasks.ingest.tables.forms.parquet import class_names, open_parquet
from tests.tasks.ingest.conftest import image_bytes, rows_of

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
RED = image_bytes("red")


def write(path: Path, row_group_size: int = 3, metadata: dict | None = None, **columns: pa.Array) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path, row_group_size=row_group_size)
    return path


def images(*paths: str | None) -> pa.Array:
    return pa.array([None if path is None else {"bytes": RED, "path": path} for path in paths], IMAGE)


def config(path: Path, **options: object) -> HuggingFaceParquetConfig:
    return HuggingFaceParquetConfig(name="hub", path=path, **options)  # type: ignore[arg-type]


def whole(path: Path, *files: str, **options: object) -> tuple[list[dict], list[dict]]:
    return rows_of(config(path, **options), (Group(files=files or (path.name,)),))


def test_the_usual_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        caption=pa.array(["one", "two"]),
        image=images("x.jpg", "y.jpg"),
        label=pa.array([3, None]),
    )
    accepted, rejected = whole(path, label_column="label")
    assert not rejected
    assert [(row["key"], row["caption"], row["label"]) for row in accepted] == [
        ("a.parquet:0", "one", 3),
        ("a.parquet:1", "two", None),
    ]
    assert accepted[0]["image"] == {"bytes": RED, "path": "x.jpg"}


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_bare_bytes(tmp_path: Path, kind: pa.DataType) -> None:
    path = write(tmp_path / "a.parquet", caption=pa.array(["one"]), image=pa.array([RED], kind))
    assert whole(path)[0][0]["image"] == {"bytes": RED, "path": None}


def test_paths_are_confined_to_the_folder_of_images(tmp_path: Path, image_folder: Path) -> None:
    names = pa.array(["n01/1.jpg", "../a.parquet", None])
    path = write(tmp_path / "a.parquet", caption=pa.array(["one", "two", "three"]), image=names)
    accepted, rejected = whole(path, images=image_folder)
    assert [row["image"]["path"] for row in accepted] == ["n01/1.jpg"]
    assert [row["reason"] for row in rejected] == ["path escapes the image folder", "missing image"]
    assert [row["reason"] for row in whole(path)[1]] == ["missing image"] * 3


def test_several_captions_an_image(tmp_path: Path) -> None:
    captions = pa.array([["one", "two"], [], None, ["", "three"]], pa.list_(pa.string()))
    path = write(tmp_path / "a.parquet", caption=captions, image=images("0", "1", "2", "3"))
    accepted, rejected = whole(path)
    assert [(row["key"], row["caption"], row["image"]["path"]) for row in accepted] == [
        ("a.parquet:0#0", "one", "0"),
        ("a.parquet:0#1", "two", "0"),
        ("a.parquet:3#1", "three", "3"),
    ]
    assert [row["key"] for row in rejected] == ["a.parquet:1", "a.parquet:2", "a.parquet:3#0"]
    assert {row["reason"] for row in rejected} == {"empty caption"}


def test_each_reason_of_rejection(tmp_path: Path) -> None:
    bad_utf8 = pa.Array.from_buffers(pa.binary(), 6, pa.array([b"ok", b"\xff", None, b"ok", b"ok", b"ok"]).buffers())
    cells = [RED, RED, RED, None, b"no image", RED]
    path = write(
        tmp_path / "a.parquet",
        caption=bad_utf8.view(pa.string()),
        image=pa.array([None if cell is None else {"bytes": cell, "path": "p"} for cell in cells], IMAGE),
        label=pa.array([1, 1, 1, 1, 1, 2**40]),
    )
    accepted, rejected = whole(path, label_column="label")
    assert len(accepted) == 1
    assert [row["reason"] for row in rejected] == [
        "invalid UTF-8",
        "empty caption",
        "missing image",
        "unreadable image",
        "label out of range",
    ]


def test_keys_of_their_own_are_unique_over_any_slices(tmp_path: Path) -> None:
    keys = pa.array([7, 8, 7, None, 9, 8, 10, 7, 11, 12])
    path = write(tmp_path / "a.parquet", caption=pa.array(list("abcdefghij")), image=images(*"abcdefghij"), key=keys)
    source = config(path, key_column="key")
    once = rows_of(source, (Group(files=("a.parquet",)),))
    assert [row["key"] for row in once[0]] == ["7", "8", "9", "10", "11", "12"]
    assert [row["reason"] for row in once[1]] == ["duplicate key", "malformed row", "duplicate key", "duplicate key"]
    for of in (2, 4, 10):
        assert rows_of(source, tuple(Group(files=("a.parquet",), index=index, of=of) for index in range(of))) == once


def test_images_without_captions(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", image=pa.array([RED, None], pa.binary()), label=pa.array([3, 4]))
    pairs, rejected = whole(path, "a.parquet", caption_column=None, label_column="label")
    assert [(row["caption"], row["label"]) for row in pairs] == [("", 3)]
    assert [row["reason"] for row in rejected] == ["missing image"]


def test_captions_without_images(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", text=pa.array(["one"]))
    accepted, _ = whole(path, image_column=None, caption_column="text")
    assert accepted[0]["image"] is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"caption_column": "text"}, "has no column 'text', which caption_column names: it has caption, image"),
        ({"label_column": "caption"}, "label_column must name whole numbers"),
        ({"image_column": "number"}, "image_column must name structs"),
    ],
)
def test_wrong_columns_are_one_sentence(tmp_path: Path, options: dict[str, str], says: str) -> None:
    path = write(tmp_path / "a.parquet", caption=pa.array(["one"]), image=images("x"), number=pa.array([1.5]))
    with pytest.raises(InputError, match=says):
        plan_groups(config(path, **options))


def test_damaged_files_are_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", caption=pa.array(["caption"] * 2_000), image=images(*["x"] * 2_000))
    content = bytearray(path.read_bytes())
    content[4:2_000] = b"\0" * 1_996
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="fetch or write the file anew"):
        whole(path)
    path.write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        plan_groups(config(path))


@pytest.mark.parametrize(
    "metadata",
    [
        {"classes": json.dumps(["cat", "dog"])},
        {
            "huggingface": json.dumps(
                {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
            )
        },
    ],
)
def test_class_names_come_from_the_metadata(tmp_path: Path, metadata: dict[str, str]) -> None:
    path = write(
        tmp_path / "a.parquet", metadata=metadata, caption=pa.array(["x"]), image=images("x"), label=pa.array([0])
    )
    assert HUGGINGFACE_PARQUET.class_names(config(path, label_column="label"), [path]) == ("cat", "dog")
    named = config(path, label_column="label", class_names=("a", "b"))
    assert HUGGINGFACE_PARQUET.class_names(named, [path]) == ("a", "b")
    assert class_names(open_parquet(path, "hub", config(path).columns), "other") == (
        ("cat", "dog") if "classes" in metadata else ()
    )


def test_real_long_tailed_cifar(shared_data: Path) -> None:
    source = config(shared_data / "cifar10_longtail" / "train.parquet", label_column="label")
    plan = plan_groups(source)
    assert len(plan) == 4
    accepted, rejected = rows_of(source, plan)
    assert (len(accepted), len(rejected)) == (12_408, 0)
    assert len({row["id"] for row in accepted}) == 12_408
    counts = [sum(row["label"] == label for row in accepted) for label in range(10)]
    assert max(counts) == 100 * min(counts)


def test_scores_of_any_kind_of_number_go_with_every_caption(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        caption=pa.array([["one", "two"], ["three"]]),
        similarity=pa.array([0.5, None], pa.float32()),
        safe=pa.array([True, False]),
        width=pa.array([640, 32], pa.int16()),
    )
    accepted, _ = whole(path, image_column=None, scores=("similarity", "width", "safe"))
    assert [row["scores"] for row in accepted] == [
        *[{"safe": 1.0, "similarity": 0.5, "width": 640.0}] * 2,
        {"safe": 0.0, "similarity": None, "width": 32.0},
    ]
    for scores, says in ((("absent",), "has no column 'absent', which scores names"), (("caption",), "of numbers")):
        with pytest.raises(InputError, match=says):
            plan_groups(config(path, image_column=None, scores=scores))
    with pytest.raises(ValidationError, match="named twice"):
        config(path, scores=("width", "width"))


def test_what_is_kept_are_single_values_and_concepts_are_lists(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        caption=pa.array(["one"]),
        when=pa.array([0], pa.date32()),
        boxes=pa.array([[1.0]]),
        seen=pa.array([[{"label": "cat", "score": 1.0}]]),
    )
    accepted, _ = whole(path, image_column=None, keep=("when",), concepts="seen")
    assert accepted[0]["kept"] == {"when": "1970-01-01"}
    assert accepted[0]["concepts"] == [{"label": "cat", "score": 1.0}]
    for options, says in (
        ({"keep": ("boxes",)}, "keep must name columns of single values"),
        ({"concepts": "boxes"}, "concepts must name lists of labels"),
        ({"keep": ("absent",)}, "has no column 'absent', which keep names"),
    ):
        with pytest.raises(InputError, match=says):
            whole(path, image_column=None, **options)
