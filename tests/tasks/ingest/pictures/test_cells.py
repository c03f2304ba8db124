"""Columns and rows give the same: hostile small files, every kind of column, any slices, against a row at a time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.ingest.groups import sources_of
from tasks.ingest.pictures.cells import ImageCells
from tasks.ingest.read import read_source
from tasks.ingest.rows.batches import make_batches
from tasks.ingest.rules import FileRules, Group
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tests.tasks.ingest import row_by_row
from tests.tasks.ingest.conftest import image_bytes, whole_tables

RED = image_bytes("red")
TEXTS = st.sampled_from(
    [b"a dog"] * 6 + ["ünï ☃".encode(), b"", b" ", "\u200b".encode(), b"x" * 9, b"x" * 10, b"a\xff", b"\xed\xa0\x80"]
)
IMAGES = st.sampled_from(
    [RED] * 5 + [image_bytes(kind="PNG"), image_bytes(size=(40, 40)), RED[:200], b"", b"no image", b"\xff\xd8\xff\xe0"]
)
PATHS = st.sampled_from([b"n01/1.jpg", b"n02/2.jpg", b"../a.parquet", b"n01/9.jpg", b"", b"p\xff"])
KEYS = st.sampled_from([b"k1", b"k2", b"k3", b"", b"\xc3", b"long" * 70])
LABELS = st.sampled_from([0, 3, -1, 2**31, -(2**31), 2**31 - 1, 2**40, -(2**40)])


def texts(values: Sequence[bytes | None], kind: pa.DataType) -> pa.Array:
    """Texts whose bytes nobody looked at, as some writers leave them."""
    raw = pa.array(values, pa.large_binary() if kind == pa.large_string() else pa.binary())
    return pa.Array.from_buffers(kind, len(raw), raw.buffers(), raw.null_count)


@st.composite
def tables(draw: st.DrawFn) -> tuple[pa.Table, dict[str, object]]:
    rows = draw(st.integers(0, 12))
    options: dict[str, object] = {"image_column": None}

    def cells(values: st.SearchStrategy) -> list:
        some = st.one_of(values, values, values, st.none())
        return draw(st.lists(some, min_size=rows, max_size=rows))

    kind = draw(st.sampled_from([pa.string(), pa.large_string()]))
    if draw(st.booleans()):
        captions = texts(cells(TEXTS), kind)
    else:
        lists = cells(st.lists(st.none() | TEXTS, max_size=3))
        flat = texts([text for cell in lists for text in cell or ()], kind)
        sizes = pa.array([None if cell is None else [0] * len(cell) for cell in lists], pa.list_(pa.int8()))
        captions = pa.ListArray.from_arrays(sizes.offsets, flat, mask=sizes.is_null())
    columns = {"caption": captions}
    if draw(st.booleans()):
        columns["label"] = pa.array(cells(LABELS), pa.int64())
        options["label_column"] = "label"
    if draw(st.booleans()):
        whole = draw(st.booleans())
        columns["key"] = pa.array(cells(st.integers(-3, 3)), pa.int16()) if whole else texts(cells(KEYS), kind)
        options["key_column"] = "key"
    form = draw(st.sampled_from(["none", "struct", "bytes", "paths"]))
    if form != "none":
        options["image_column"] = "image"
        options["missing_images"] = draw(st.sampled_from(["reject", "keep"]))
        options["verify"] = draw(st.sampled_from(["none", "header", "decode"]))
        options["max_aspect_ratio"] = draw(st.sampled_from([1.1, 100.0]))
        content, paths = pa.array(cells(IMAGES), pa.binary()), texts(cells(PATHS), kind)
        image = pa.StructArray.from_arrays(
            [content, paths], ["bytes", "path"], mask=pa.array(cells(st.none())).is_valid()
        )
        columns["image"] = {"struct": image, "bytes": content, "paths": paths}[form]
    if draw(st.booleans()):
        options["caption_column"] = None if form != "none" and draw(st.booleans()) else "caption"
    return pa.table(columns), options


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    tables=st.lists(tables(), min_size=1, max_size=1),
    size=st.integers(1, 7),
    of=st.integers(1, 4),
    folder=st.booleans(),
)
def test_hostile_files(
    tmp_path: Path, image_folder: Path, tables: list[tuple[pa.Table, dict]], size: int, of: int, folder: bool
) -> None:
    ((table, options),) = tables
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=size)
    config = HuggingFaceParquetConfig(
        name="hub", path=tmp_path, images=image_folder if folder else None, max_caption_characters=9, max_pixels=1_000,
        **options,
    )  # fmt: skip
    for index in range(of):
        group = Group(files=("a.parquet",), index=index, of=of)
        files = sources_of(config, group)
        rows = make_batches(row_by_row.read_huggingface_parquet(config, group, files), config.name)
        assert whole_tables(read_source(config, group, files)) == whole_tables(rows)


def test_an_image_is_looked_at_once_for_all_its_captions(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []
    monkeypatch.setattr("tasks.ingest.pictures.cells.inspect_image", lambda content, rules: looked.append(content))
    owner = np.array([0, 0, 1, 2, 2])
    cells = ImageCells(pa.array([b"a", b"b", b"c"]), owner, FileRules(), None)
    assert cells.vouched(np.array([True, True, False, True, True])).tolist() == [True, True, False, True, True]
    assert looked == [b"a", b"c"]
    assert [image["bytes"] for image in cells.column(np.array([0, 1, 4])).to_pylist()] == [b"a", b"a", b"c"]


@pytest.mark.parametrize("verify", ["none", "header", "decode"])
def test_batches_end_where_loaded_images_are_heavy(
    tmp_path: Path, image_folder: Path, verify: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.ingest.rows.drafts.BYTES_PER_BATCH", 1_000)
    paths = pa.array(["n01/1.jpg", "n01/2.jpg", "n09/1.jpg", None] * 8)
    pq.write_table(pa.table({"caption": ["x"] * 32, "image": paths}), tmp_path / "a.parquet")
    config = HuggingFaceParquetConfig(name="hub", path=tmp_path, images=image_folder, verify=verify)
    group = Group(files=("a.parquet",))
    files = sources_of(config, group)
    batches = list(read_source(config, group, files))
    assert len(batches) > 4
    rows = make_batches(row_by_row.read_huggingface_parquet(config, group, files), config.name)
    assert whole_tables(batches) == whole_tables(rows)
