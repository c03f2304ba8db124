"""The uid subset, as DataComp's resharder reads it."""

from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.export.datacomp import write_datacomp_subset
from tests.storage.export.curated import curated, row


def test_sorted_pairs_with_multiplicity(tmp_path: Path) -> None:
    uids = ["f" * 32, "0" * 31 + "1", "8" + "0" * 15 + "f" * 16, "8" + "0" * 15 + "0" * 16]
    rows = [row(number, key=uid, multiplicity=1 + (number == 2)) for number, uid in enumerate(uids)]
    export = write_datacomp_subset(curated(tmp_path / "in", rows), tmp_path / "deep" / "subset.npy")
    read = np.load(export.files[0], allow_pickle=False)
    assert read.dtype == np.dtype("u8,u8") and export.rows == 5
    assert [f"{high:016x}{low:016x}" for high, low in read.tolist()] == sorted([*uids, uids[2]])
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["subset.npy"]


def test_other_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'cat\.jpg' is not a DataComp uid"):
        write_datacomp_subset(curated(tmp_path / "in", [row(1, key="cat.jpg")]), tmp_path / "subset.npy")
    assert not (tmp_path / "subset.npy").exists()
