"""Tables as pandas, polars and others write them: every form of a column gives the rows that the plain one gives."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import InputError
from tasks.ingest.groups import plan_groups
from tasks.ingest.rules import Group
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tests.tasks.ingest.conftest import image_bytes, rows_of

RED, BLUE = image_bytes("red"), image_bytes("blue")
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
PLAIN = {
    "caption": pa.array(["one", None, "two"]),
    "image": pa.array([{"bytes": each, "path": None} for each in (RED, BLUE, RED)], IMAGE),
    "label": pa.array([1, 2, None]),
}


def write(path: Path, columns: dict[str, pa.Array]) -> Path:
    pq.write_table(pa.table(list(columns.values()), names=list(columns)), path)
    return path


def rows(path: Path, **options: object) -> tuple[list[dict], list[dict]]:
    config = HuggingFaceParquetConfig(name="s", path=path, **{"label_column": "label"} | options)  # type: ignore[arg-type]
    return rows_of(config, plan_groups(config))


def as_paths(*kinds: pa.DataType) -> pa.Array:
    contents, nothing = pa.array([RED, BLUE, RED], kinds[0]), pa.nulls(3, kinds[1])
    return pa.StructArray.from_arrays([contents, nothing], ["bytes", "path"])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("caption", PLAIN["caption"].dictionary_encode()),
        ("caption", PLAIN["caption"].cast(pa.string_view())),
        ("caption", PLAIN["caption"].cast(pa.binary())),
        ("caption", PLAIN["caption"].cast(pa.large_string()).dictionary_encode()),
        ("image", as_paths(pa.binary(), pa.null())),
        ("image", as_paths(pa.large_binary(), pa.large_string())),
        ("image", as_paths(pa.binary_view(), pa.string_view())),
        ("image", pa.array([RED, BLUE, RED], pa.binary_view())),
        ("image", pa.array([list(RED), list(BLUE), list(RED)], pa.list_(pa.uint8()))),
        ("image", pa.array([[{"bytes": each, "path": None}] for each in (RED, BLUE, RED)], pa.list_(IMAGE))),
        ("label", pa.array([1.0, 2.0, float("nan")])),
        ("label", pa.array([1.0, 2.0, None])),
        ("label", pa.array([1, 2, None], pa.int8()).dictionary_encode()),
        ("label", pa.array(["1", "2", ""])),
    ],
    ids=lambda value: str(getattr(value, "type", value))[:60],
)
def test_any_form_of_a_column_gives_the_same_rows(tmp_path: Path, column: str, values: pa.Array) -> None:
    wanted = rows(write(tmp_path / "a.parquet", PLAIN))
    assert [row["caption"] for row in wanted[0]] == ["one", "two"] and len(wanted[1]) == 1
    if column == "label" and pa.types.is_string(values.type):
        with pytest.raises(InputError, match="must name whole numbers"):
            rows(write(tmp_path / "a.parquet", PLAIN | {column: values}))
        return
    assert rows(write(tmp_path / "a.parquet", PLAIN | {column: values})) == wanted


SEVERAL = [["one", "two"], ["three", None], ["", "four"]]


@pytest.mark.parametrize(
    "values",
    [
        pa.array(SEVERAL, pa.list_(pa.string(), 2)),
        pa.array(SEVERAL, pa.large_list(pa.string_view())),
        pa.array([[None if text is None else {"raw": text, "id": 1} for text in texts] for texts in SEVERAL]),
        pa.array([[{"text": text, "language": "en"} for text in texts] for texts in SEVERAL]),
    ],
    ids=lambda value: str(value.type)[:60],
)
def test_several_captions_in_any_list(tmp_path: Path, values: pa.Array) -> None:
    wanted = rows(write(tmp_path / "a.parquet", PLAIN | {"caption": pa.array(SEVERAL)}))
    assert [row["key"] for row in wanted[0]] == [f"a.parquet:{key}" for key in ("0#0", "0#1", "1#0", "2#1")]
    found = rows(write(tmp_path / "a.parquet", PLAIN | {"caption": values}))
    assert found[0] == wanted[0] and [row["key"] for row in found[1]] == [row["key"] for row in wanted[1]]


def test_a_row_of_several_images_or_of_none_is_refused(tmp_path: Path) -> None:
    cell = {"bytes": RED, "path": None}
    images = pa.array([[cell], [], [cell, cell]], pa.list_(IMAGE))
    path = write(tmp_path / "a.parquet", PLAIN | {"image": images, "caption": pa.array(list("abc"))})
    accepted, rejected = rows(path)
    assert [row["caption"] for row in accepted] == ["a"]
    assert [row["reason"] for row in rejected] == ["missing image"] * 2


def test_a_label_that_is_no_whole_number_is_refused_with_its_value(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", PLAIN | {"label": pa.array([1.0, 2.0, 2.5])})
    assert rows(path)[1][1]["detail"] == "a.parquet row 2: '2.5' in 'label' is no whole number"


def test_columns_of_nothing_reject_every_row_with_the_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", PLAIN | {"caption": pa.nulls(3)})
    assert [row["reason"] for row in rows(path)[1]] == ["empty caption"] * 3
    path = write(tmp_path / "a.parquet", PLAIN | {"image": pa.nulls(3)})
    assert [row["reason"] for row in rows(path)[1]] == ["missing image", "empty caption", "missing image"]


def test_two_columns_of_one_name_are_asked_about_only_where_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    names, columns = [*PLAIN, "other", "other"], [*PLAIN.values(), pa.array([1, 2, 3]), pa.array([4, 5, 6])]
    pq.write_table(pa.table(columns, names=names), path)
    assert len(rows(path)[0]) == 2
    with pytest.raises(InputError, match="has 2 columns called 'other', which scores names: rename all but one"):
        rows(path, scores=("other",))


def test_splits_in_one_folder(tmp_path: Path) -> None:
    for name in ("train-0.parquet", "train-1.parquet", "test-0.parquet"):
        write(tmp_path / name, PLAIN)
    config = HuggingFaceParquetConfig(name="s", path=tmp_path)
    assert plan_groups(config) == (Group(files=("train-0.parquet",)), Group(files=("train-1.parquet",)))
    assert plan_groups(config.model_copy(update={"split": "test"})) == (Group(files=("test-0.parquet",)),)
