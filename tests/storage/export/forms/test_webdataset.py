"""WebDataset tars, read back by webdataset and open_clip."""

import hashlib
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.export.forms.webdataset import write_webdataset
from storage.export.parts import Job
from storage.tables.shards import read_table
from tests.storage.export.curated import curated, picture, row, samples

open_clip_data = pytest.importorskip("open_clip_train.data")


def test_read_by_webdataset_and_open_clip(tmp_path: Path) -> None:
    rows = [row(number, multiplicity=1 + number % 3) for number in range(20)]
    rows[4] |= {"image": {"bytes": picture(4, "PNG"), "path": None}}
    rows[5] |= {"image": {"bytes": picture(5, "WEBP"), "path": None}, "caption": "two\nlines\t\x00é"}
    export = write_webdataset(curated(tmp_path / "in", rows), tmp_path / "out", samples_per_shard=10)
    copies = sum(1 + number % 3 for number in range(20))
    assert (export.rows, export.rejected) == (copies, 0)
    read = samples(export.files)
    counts = np.bincount([int(json.loads(sample["json"])["id"], 16) for sample in read])
    assert counts.tolist() == [1 + number % 3 for number in range(20)]
    for sample in read:
        number = int(json.loads(sample["json"])["id"], 16)
        (extension,) = {"jpg", "png", "webp"} & sample.keys()
        assert extension == {4: "png", 5: "webp"}.get(number, "jpg")
        assert sample[extension] == rows[number]["image"]["bytes"]  # type: ignore[index]
        assert sample["txt"].decode() == rows[number]["caption"]
    assert len({sample["__key__"] for sample in read}) == copies
    pattern = f"{tmp_path}/out/{{00000000..{len(export.files) - 1:08d}}}.tar"
    assert open_clip_data.get_dataset_size(pattern) == (copies, len(export.files))


def test_copies_lie_apart(tmp_path: Path) -> None:
    paths = curated(tmp_path / "in", [row(number, multiplicity=2) for number in range(20)])
    ids = [json.loads(sample["json"])["id"] for sample in samples(write_webdataset(paths, tmp_path / "o").files)]
    assert ids[:20] == ids[20:] and len(set(ids)) == 20


def test_names_from_the_source_stay_out(tmp_path: Path) -> None:
    paths = curated(tmp_path / "in", [row(1, key="../../etc/passwd", image={"bytes": picture(0), "path": "/etc/x"})])
    (file,) = write_webdataset(paths, tmp_path / "out").files
    with tarfile.open(file) as tar:
        assert tar.getnames() == ["0000000000.jpg", "0000000000.txt", "0000000000.json"]


def test_bytes_depend_on_the_rows_alone(tmp_path: Path) -> None:
    rows = [row(number) for number in range(20)]
    one = write_webdataset(curated(tmp_path / "a", rows), tmp_path / "one", samples_per_shard=8)
    two = write_webdataset(curated(tmp_path / "b", rows, 3), tmp_path / "two", samples_per_shard=8)
    assert [file.read_bytes() for file in one.files] == [file.read_bytes() for file in two.files]


def test_unusable_rows_are_kept_with_reasons(tmp_path: Path) -> None:
    rows = [
        row(0, image=None, multiplicity=3),
        row(1, image={"bytes": None, "path": "x.jpg"}),
        row(2, image={"bytes": b"GIF89a", "path": None}),
        row(3, caption=" \n "),
        row(4),
    ]
    export = write_webdataset(curated(tmp_path / "in", rows), tmp_path / "out")
    assert (export.rows, export.rejected) == (1, 4)
    rejected = read_table(tmp_path / "out" / "rejected.parquet").to_pylist()
    reasons = ["missing image", "missing image", "unsupported image format", "empty caption"]
    assert [found["reason"] for found in rejected] == reasons


def test_beside_each_tar_stands_what_img2dataset_says_of_it(tmp_path: Path) -> None:
    """The table has every row, also those that are not in the tar, which it tells by their status."""
    rows = [row(number, multiplicity=1 + (number == 2)) for number in range(5)] + [row(5, image=None), row(6)]
    export = write_webdataset(curated(tmp_path / "in", rows), tmp_path / "out", samples_per_shard=4)
    assert [file.name for file in export.files] == ["00000000.tar", "00000001.tar"]
    sizes = json.loads((tmp_path / "out" / "sizes.json").read_text())
    assert sizes == {"00000000.tar": 4, "00000001.tar": 3}
    seen = 0
    for file in export.files:
        told = {each["key"]: each for each in read_table(file.with_suffix(".parquet")).to_pylist()}
        read = {sample["__key__"]: sample for sample in samples([file])}
        assert {key for key, each in told.items() if each["status"] == "success"} == set(read)
        for key, sample in read.items():
            assert told[key]["caption"] == sample["txt"].decode()
            assert told[key]["sha256"] == hashlib.sha256(sample["jpg"]).hexdigest()
            assert (told[key]["width"], told[key]["height"]) == (8, 8)
            assert told[key]["uid"] == json.loads(sample["json"])["uid"]
        stats = json.loads((tmp_path / "out" / f"{file.stem}_stats.json").read_text())
        assert stats["count"] == len(told) and stats["successes"] == len(read)
        seen += stats["count"]
        for key, each in told.items():
            if key not in read:
                assert (each["status"], each["uid"]) == ("missing image", f"{5:032x}")
                assert stats["status_dict"] == {"missing image": 1, "success": 3}
    assert seen == 8


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_workers(tmp_path: Path, workers: int) -> None:
    paths = curated(tmp_path / "in", [row(number, multiplicity=2) for number in range(20)])
    one = write_webdataset(paths, tmp_path / "one", samples_per_shard=7)
    two = write_webdataset(paths, tmp_path / "two", Job("x", workers), samples_per_shard=7)
    assert [file.read_bytes() for file in one.files] == [file.read_bytes() for file in two.files]


def test_nothing_to_write(tmp_path: Path) -> None:
    export = write_webdataset(curated(tmp_path / "in", []), tmp_path / "out")
    assert export.files == () and json.loads((tmp_path / "out" / "sizes.json").read_text()) == {}


def test_target_in_use_and_errors(tmp_path: Path) -> None:
    paths = curated(tmp_path / "in", [row(1)])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    with pytest.raises(InputError, match="exists already"):
        write_webdataset(paths, tmp_path / "out")
    assert (tmp_path / "out" / "mine").read_text() == "x"
    with pytest.raises(FileNotFoundError):
        write_webdataset([*paths, tmp_path / "none.parquet"], tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]
