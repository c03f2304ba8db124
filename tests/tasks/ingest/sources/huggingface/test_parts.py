"""Parts of a file, whatever its row groups: the wanted rows, and no others."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.huggingface.parquet import named_columns, open_parquet
from tasks.ingest.sources.huggingface.parts import BYTES_PER_PART, parts
from tasks.ingest.sources.huggingface.plan import files_of, parquet_files, plan_parquet


def source(path: Path, **options: object) -> HuggingFaceParquetConfig:
    return HuggingFaceParquetConfig(name="s", path=path, image_column=None, **options)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(rows=st.integers(1, 30), group=st.integers(1, 9), begin=st.integers(0, 30), size=st.integers(0, 30))
def test_parts_are_the_wanted_rows(tmp_path: Path, rows: int, group: int, begin: int, size: int) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"caption": [f"c{row}" for row in range(rows)], "k": [f"k{row}" for row in range(rows)]})
    pq.write_table(table, path, row_group_size=group)
    config = source(path)
    found: dict[int, str] = {}
    for first, batch in parts(open_parquet(path, config), config, ["k"], range(begin, begin + size)):
        assert batch.schema.names == ["k"]
        found |= dict(enumerate(batch["k"].to_pylist(), start=first))
    assert found == {row: f"k{row}" for row in range(rows) if row in range(begin, begin + size)}


def test_a_part_of_heavy_rows_is_short(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"caption": ["c"] * 100, "image": [bytes([row]) * (1 << 20) for row in range(100)]})
    pq.write_table(table, path, compression="none", use_dictionary=False)
    config = source(path)
    sizes = [batch.nbytes for _, batch in parts(open_parquet(path, config), config, ["image"], range(100))]
    assert len(sizes) > 5 and max(sizes) <= BYTES_PER_PART + (1 << 20)
    assert len(list(parts(open_parquet(path, config), config, ["caption"], range(100)))) == 1


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
