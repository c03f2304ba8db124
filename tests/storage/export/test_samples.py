"""Curated rows on their way out: which are read, and why one is refused."""

from pathlib import Path

import numpy as np
import pytest

from storage.export.samples import Rejection, Sample, read_rows, read_samples, rejected_table
from storage.tables.schemas import REJECTED
from storage.tables.shards import write_table
from tests.storage.export.curated import curated, picture, row, tables


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_format_is_told_by_its_first_bytes(tmp_path: Path, form: str) -> None:
    (path,) = curated(tmp_path / "in", [row(1, image={"bytes": picture(3, form), "path": "x.bmp"})])
    (sample,) = read_samples(path, np.array([0]))
    assert isinstance(sample, Sample) and sample.image == picture(3, form)
    assert sample.extension == {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[form]


def test_every_refusal_has_its_reason(tmp_path: Path) -> None:
    rows = [
        row(0, image=None),
        row(1, image={"bytes": None, "path": "x.jpg"}),
        row(2, image={"bytes": b"", "path": None}),
        row(3, image={"bytes": b"GIF89a", "path": None}),
        row(4, caption=" \n "),
    ]
    (path,) = curated(tmp_path / "in", rows)
    found = [each for each in read_samples(path, np.arange(5)) if isinstance(each, Rejection)]
    assert [each.key for each in found] == [f"{number:032x}" for number in range(5)]
    reasons = ["missing image"] * 3 + ["unsupported image format", "empty caption"]
    assert [each.reason for each in found] == reasons
    assert rejected_table(found).schema == rejected_table([]).schema == REJECTED


def test_rows_by_their_places_whatever_the_row_groups(tmp_path: Path) -> None:
    table = tables([row(number) for number in range(1_000)]).select(["id"])
    write_table(tmp_path / "one.parquet", table)
    import pyarrow.parquet as pq

    pq.write_table(table, tmp_path / "many.parquet", row_group_size=37)
    for wanted in (np.arange(1_000), np.array([0, 36, 37, 38, 511, 999]), np.array([], np.int64), np.arange(3, 999, 7)):
        for name in ("one", "many"):
            batches = list(read_rows(tmp_path / f"{name}.parquet", wanted))
            assert all(batch.num_rows <= 256 for batch in batches)
            assert [each for batch in batches for each in batch["id"].to_pylist()] == wanted.tolist()
