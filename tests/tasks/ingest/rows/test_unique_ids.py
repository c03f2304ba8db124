"""Repeated ids are found in one part or many, at the ends of the range too."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.arrays import Ids
from tasks.ingest.rows import unique_ids
from tasks.ingest.rows.unique_ids import require_unique_ids


def shards(folder: Path, *ids: Ids) -> list[Path]:
    paths = [folder / f"pairs-{number:05d}.parquet" for number in range(len(ids))]
    for path, each in zip(paths, ids, strict=True):
        names = pa.array([f"k{number}" for number in each])
        write_table(path, pa.table({"id": pa.array(each, pa.uint64()), "key": names, "source": names}))
    return paths


@pytest.mark.parametrize("at_once", [1, 70, 1 << 25])
def test_any_number_of_parts(at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique_ids, "IDS_AT_ONCE", at_once)
    ids = np.random.default_rng(0).integers(1, 1 << 63, 300).astype(np.uint64) * np.uint64(2)
    ids[[0, 299]] = 0, np.iinfo(np.uint64).max
    paths = shards(tmp_path, ids[:100], ids[100:])
    assert require_unique_ids(paths) == 300
    for twice in (ids[:1], ids[-1:], ids[50:51]):
        with pytest.raises(InputError, match=f"1 keys occur more than once .* such as 'k{twice[0]}'"):
            require_unique_ids(shards(tmp_path, ids[:100], ids[100:], np.repeat(twice, 2)))


def test_no_shards() -> None:
    assert require_unique_ids([]) == 0
