"""Parts of a file, whatever its row groups: the wanted rows, and no others."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.ingest.tables.columns import Columns
from tasks.ingest.tables.forms.parquet import open_parquet
from tasks.ingest.tables.forms.parquet_parts import BYTES_PER_PART, parts

CAPTIONS = Columns({"caption": "caption"})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(rows=st.integers(1, 30), group=st.integers(1, 9), begin=st.integers(0, 30), size=st.integers(0, 30))
def test_parts_are_the_wanted_rows(tmp_path: Path, rows: int, group: int, begin: int, size: int) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"caption": [f"c{row}" for row in range(rows)], "k": [f"k{row}" for row in range(rows)]})
    pq.write_table(table, path, row_group_size=group)
    found: dict[int, str] = {}
    for first, batch in parts(open_parquet(path, "s", CAPTIONS), "s", ["k"], range(begin, begin + size)):
        assert batch.schema.names == ["k"]
        found |= dict(enumerate(batch["k"].to_pylist(), start=first))
    assert found == {row: f"k{row}" for row in range(rows) if row in range(begin, begin + size)}


def test_a_part_of_heavy_rows_is_short(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"caption": ["c"] * 100, "image": [bytes([row]) * (1 << 20) for row in range(100)]})
    pq.write_table(table, path, compression="none", use_dictionary=False)
    sizes = [batch.nbytes for _, batch in parts(open_parquet(path, "s", CAPTIONS), "s", ["image"], range(100))]
    assert len(sizes) > 5 and max(sizes) <= BYTES_PER_PART + (1 << 20)
    assert len(list(parts(open_parquet(path, "s", CAPTIONS), "s", ["caption"], range(100)))) == 1
