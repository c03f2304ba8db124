"""Ids of rows that are not gone, whether lists must be read to tell or not."""

from pathlib import Path

import pyarrow as pa
import pytest

from storage.tables.schemas import MATCHES
from storage.tables.shards import write_table
from tasks.resampling.sampling.alive import AliveIds


def write(path: Path, ids: list[int], lists: list[list[int] | None]) -> Path:
    write_table(path, pa.table({"id": pa.array(ids, pa.uint64()), "entries": lists}, schema=MATCHES))
    return path


@pytest.mark.parametrize("workers", [1, 3])
def test_rows_that_are_gone_are_left_out_and_the_others_keep_their_order(tmp_path: Path, workers: int) -> None:
    whole = [write(tmp_path / "a.parquet", [5, 2**64 - 1], [[], [1]]), write(tmp_path / "b.parquet", [3], [[0]])]
    holed = [write(tmp_path / "c.parquet", [7, 8, 9], [None, [], None])]
    ids = AliveIds([(whole, 3), (holed, 1)], workers)
    for _ in range(2):  # anew at each call
        assert [part.tolist() for part in ids()] == [[5, 2**64 - 1], [3], [8]]
