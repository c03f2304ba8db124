"""Curated rows on their way out: the order of copies, what is refused, and all or nothing on disk."""

from pathlib import Path

import pytest

from storage.errors import InputError
from storage.export.samples import Rejection, fresh_directory, read_samples, write_rejected
from storage.tables.schemas import REJECTED
from storage.tables.shards import read_table
from tests.storage.export.curated import curated, picture, row


def test_each_row_comes_once_before_any_comes_twice(tmp_path: Path) -> None:
    paths = curated(tmp_path / "in", [row(n, multiplicity=m) for n, m in enumerate((1, 3, 0, 2))], rows_per_shard=2)
    rejected: list[Rejection] = []
    assert [sample.id for sample in read_samples(paths, rejected)] == [0, 1, 3, 1, 3, 1]
    assert [sample.id for sample in read_samples(paths, rejected, copies=False)] == [0, 1, 3]
    assert rejected == []


def test_a_refused_row_is_told_once_however_many_copies_it_has(tmp_path: Path) -> None:
    rejected: list[Rejection] = []
    assert list(read_samples(curated(tmp_path / "in", [row(7, image=None, multiplicity=3)]), rejected)) == []
    assert [(found.key, found.reason) for found in rejected] == [(f"{7:032x}", "missing image")]
    write_rejected(tmp_path, rejected)
    write_rejected(tmp_path / "in", [])
    assert read_table(tmp_path / "rejected.parquet").num_rows == 1
    assert read_table(tmp_path / "in" / "rejected.parquet").schema == REJECTED


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_format_is_told_by_its_first_bytes(tmp_path: Path, form: str) -> None:
    paths = curated(tmp_path / "in", [row(1, image={"bytes": picture(3, form), "path": "x.bmp"})])
    (sample,) = read_samples(paths, [])
    assert sample.extension == {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[form]


def test_a_directory_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), fresh_directory(tmp_path / "out") as target:
        (target / "half").write_text("x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").mkdir()
    with fresh_directory(tmp_path / "out") as target:
        (target / "whole").write_text("x")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["whole"]
    with pytest.raises(InputError, match="exists already"), fresh_directory(tmp_path / "out"):
        pass
