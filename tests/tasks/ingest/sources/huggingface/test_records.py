"""Records of a file, whatever its row groups: the wanted rows whole, earlier ones for their keys alone."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.huggingface.parquet import named_columns, open_parquet
from tasks.ingest.sources.huggingface.plan import files_of, parquet_files, plan_parquet
from tasks.ingest.sources.huggingface.records import Record, records


def source(path: Path, **options: object) -> HuggingFaceParquetConfig:
    return HuggingFaceParquetConfig(name="s", path=path, image_column=None, **options)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    rows=st.integers(1, 30),
    group=st.integers(1, 9),
    begin=st.integers(0, 30),
    size=st.integers(0, 30),
    first=st.integers(0, 5),
)
def test_records_are_the_wanted_rows(tmp_path: Path, rows: int, group: int, begin: int, size: int, first: int) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"caption": [f"c{row}" for row in range(rows)], "k": [f"k{row}" for row in range(rows)]})
    pq.write_table(table, path, row_group_size=group)
    wanted = range(begin, begin + size)
    keyed = dict(records(open_parquet(path, source(path, key_column="k")), source(path, key_column="k"), wanted, first))
    for row in range(rows):
        if first + row in wanted:
            assert keyed[row] == Record(f"k{row}", f"c{row}")
        elif first + row < wanted.start and wanted.start < wanted.stop:
            assert keyed[row].key == f"k{row}"
        else:
            assert first + row < wanted.stop or row not in keyed
    plain = dict(records(open_parquet(path, source(path)), source(path), wanted, first))
    assert {row for row in range(rows) if first + row in wanted} <= plain.keys()
    assert all(record == Record(None, f"c{row}") for row, record in plain.items())


def test_columns_are_those_that_are_named(tmp_path: Path) -> None:
    assert named_columns(source(tmp_path, label_column="l")) == {"caption": "caption", "label": "l"}


def test_a_plan_names_files_and_files_are_found_again(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.parquet", "deep/c.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"caption": ["x"]}), tmp_path / name)
    config = source(tmp_path)
    assert parquet_files(config) == ("a.parquet", "b.parquet", "deep/c.parquet")
    assert [files_of(config, group) for group in plan_parquet(config)] == [
        (tmp_path / name,) for name in parquet_files(config)
    ]
    assert parquet_files(source(tmp_path / "b.parquet")) == ("b.parquet",)
    (tmp_path / "a.parquet").unlink()
    with pytest.raises(InputError, match="does not exist"):
        files_of(config, plan_parquet(source(tmp_path))[0].model_copy(update={"files": ("a.parquet",)}))
