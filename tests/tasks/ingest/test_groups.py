"""Plans cover the source once, stay small, and let new files cost only themselves."""

import itertools
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from storage.errors import InputError
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.rules import MAX_GROUPS, Group
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.scenes.config import ScenesConfig
from tests.tasks.ingest.conftest import rows_of


def folder_of(tmp_path: Path, files: int, rows: int = 2) -> HuggingFaceParquetConfig:
    for number in range(files):
        captions = pa.array([f"{number} {row}" for row in range(rows)])
        pq.write_table(pa.table({"caption": captions}), tmp_path / f"train-{number:03d}.parquet")
    return HuggingFaceParquetConfig(name="hub", path=tmp_path, image_column=None, rows_per_group=10)


@given(rows=st.integers(1, 10_000_000), rows_per_group=st.integers(1, 10_000))
def test_slices_cover_all_rows_once(rows: int, rows_per_group: int) -> None:
    plan = plan_groups(ScenesConfig(rows=rows, rows_per_group=rows_per_group))
    ranges = [group.rows(rows) for group in plan]
    assert len(plan) <= MAX_GROUPS
    assert (ranges[0].start, ranges[-1].stop) == (0, rows)
    assert all(left.stop == right.start for left, right in itertools.pairwise(ranges))
    assert max(map(len, ranges)) - min(map(len, ranges)) <= 1


def test_a_new_file_leaves_the_other_groups_as_they_were(tmp_path: Path) -> None:
    source = folder_of(tmp_path, 5)
    before = plan_groups(source)
    pq.write_table(pa.table({"caption": ["new"]}), tmp_path / "train-002b.parquet")
    after = plan_groups(source)
    assert len(after) == 6
    assert [group for group in after if group not in before] == [Group(files=("train-002b.parquet",))]
    assert sources_of(source, after[0]) == (tmp_path / "train-000.parquet",)


@pytest.mark.parametrize(("files", "groups"), [(1, 1), (32, 32), (33, 17), (70, 18)])
def test_never_more_than_32_groups_and_every_file_once(tmp_path: Path, files: int, groups: int) -> None:
    plan = plan_groups(folder_of(tmp_path, files))
    assert len(plan) == groups
    assert [name for group in plan for name in group.files] == [
        f"train-{number:03d}.parquet" for number in range(files)
    ]


def test_a_large_file_is_sliced_and_the_rows_are_the_same(tmp_path: Path) -> None:
    source = folder_of(tmp_path, 3, rows=25)
    plan = plan_groups(source)
    assert [(group.files[0], group.index, group.of) for group in plan[:3]] == [
        ("train-000.parquet", index, 3) for index in range(3)
    ]
    whole = rows_of(source, (Group(files=tuple(f"train-{number:03d}.parquet" for number in range(3))),))
    assert rows_of(source, plan) == whole


def test_nothing_found_is_one_sentence(tmp_path: Path) -> None:
    source = HuggingFaceParquetConfig(name="hub", path=tmp_path)
    with pytest.raises(InputError, match=r"no file in .* matches '\*\*/\*.parquet'"):
        plan_groups(source)
    with pytest.raises(InputError, match="does not exist"):
        plan_groups(source.model_copy(update={"path": tmp_path / "none"}))


def test_labels_are_short() -> None:
    assert Group(index=1, of=8).label == "2/8"
    assert Group(files=("a.parquet",)).label == "a.parquet"
    assert Group(files=("a.parquet", "b.parquet"), index=0, of=2).label == "a.parquet…b.parquet 1/2"


def test_sources_are_told_apart_by_kind_and_typos_are_errors() -> None:
    adapter: TypeAdapter[SourceConfig] = TypeAdapter(SourceConfig)
    assert isinstance(adapter.validate_python({"kind": "scenes"}), ScenesConfig)
    table = adapter.validate_python({"kind": "balance_csv", "name": "x", "path": "t.csv", "images": "none"})
    assert table.kind == "balance_csv"
    with pytest.raises(ValidationError, match="rowz"):
        adapter.validate_python({"kind": "scenes", "rowz": 1})
    with pytest.raises(ValidationError, match="kind"):
        adapter.validate_python({"kind": "scenez"})


def test_captions_without_images_come_in_larger_groups_unless_told(tmp_path: Path) -> None:
    table = tmp_path / "titles.tsv"
    table.write_text("title\tfilepath\n" + "A cat\tn01/1.jpg\n" * 20_000)
    source = BalanceCsvConfig(name="titles", path=table, image_folder=tmp_path)
    assert len(plan_groups(source)) == 5
    assert len(plan_groups(source.model_copy(update={"images": "none"}))) == 1
    assert len(plan_groups(source.model_copy(update={"images": "none", "rows_per_group": 4_000}))) == 5
