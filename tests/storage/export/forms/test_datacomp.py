"""The uid subset, as DataComp's resharder reads it."""

from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.export.forms import datacomp
from storage.export.forms.datacomp import write_datacomp, write_weights
from storage.tables.shards import read_table
from tests.storage.export.curated import curated, row


@pytest.mark.parametrize("at_once", [1 << 25, 2])
def test_sorted_pairs_with_multiplicity(tmp_path: Path, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datacomp, "UIDS_AT_ONCE", at_once)
    uids = ["f" * 32, "0" * 31 + "1", "8" + "0" * 15 + "f" * 16, "8" + "0" * 15 + "0" * 16]
    rows = [row(number, key=uid, multiplicity=1 + (number == 2)) for number, uid in enumerate(uids)]
    export = write_datacomp(curated(tmp_path / "in", rows, 3), tmp_path / "deep" / "out", seed=7)
    read = np.load(tmp_path / "deep" / "out" / "subset.npy", allow_pickle=False)
    assert read.dtype == np.dtype("u8,u8") and export.rows == 5
    assert [f"{high:016x}{low:016x}" for high, low in read.tolist()] == sorted([*uids, uids[2]])
    weights = read_table(tmp_path / "deep" / "out" / "weights.parquet").to_pylist()
    assert weights == [
        {"uid": uid, "weight": 1.0, "copies": 1 + (number == 2), "seed": 7} for number, uid in enumerate(uids)
    ]


def test_as_datacomps_resharder_counts(tmp_path: Path) -> None:
    """The resharder looks a sample's uid up by two binary searches, and writes it so often as they are apart."""
    rng = np.random.default_rng(0)
    uids = [rng.bytes(16).hex() for _ in range(300)]
    many = {uid: int(rng.integers(1, 4)) for uid in uids[::2]}
    rows = [row(number, key=uid, multiplicity=count) for number, (uid, count) in enumerate(many.items())]
    write_datacomp(curated(tmp_path / "in", rows, 40), tmp_path / "out")
    subset = np.load(tmp_path / "out" / "subset.npy", mmap_mode="r")
    for uid in uids:
        wanted = np.array([(int(uid[:16], 16), int(uid[16:], 16))], dtype="u8,u8")[0]
        left, right = (int(np.searchsorted(subset, wanted, side=side)) for side in ("left", "right"))
        assert right - left == many.get(uid, 0)


@pytest.mark.parametrize("key", ["cat.jpg", "F" * 32, "é" * 16, "0" * 31 + "g"])
def test_other_keys_are_refused_but_have_weights(tmp_path: Path, key: str) -> None:
    paths = curated(tmp_path / "in", [row(0), row(1, key=key, weight=2.5, multiplicity=3)])
    with pytest.raises(InputError, match=rf"'{key}' \(row 1 of curated-00000.parquet\) is not a DataComp uid"):
        write_datacomp(paths, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    write_weights(paths, tmp_path / "out")
    assert read_table(tmp_path / "out" / "weights.parquet").to_pylist()[1] == {
        "uid": key, "weight": 2.5, "copies": 3, "seed": 0
    }  # fmt: skip


def test_nothing_selected(tmp_path: Path) -> None:
    export = write_datacomp(curated(tmp_path / "in", []), tmp_path / "out")
    assert export.rows == 0 and len(np.load(tmp_path / "out" / "subset.npy")) == 0
