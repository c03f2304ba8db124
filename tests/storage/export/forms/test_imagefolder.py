"""Images and `metadata.jsonl`."""

import json
from pathlib import Path

import pytest

from storage.export.forms.imagefolder import write_imagefolder
from storage.export.image_files import image_name
from storage.export.parts import Job
from tests.storage.export.curated import curated, picture, row

CAPTIONS = ("NA", 'a "quote', "tab\there", "two\r\nlines", "nul\x00byte", "a\u2028b", "é ✓ 漢", " spaces ")


@pytest.mark.parametrize("per_part", [3, 100])
def test_captions_and_images_are_as_they_were(tmp_path: Path, per_part: int) -> None:
    rows = [row(number, caption=text, multiplicity=1 + number % 2) for number, text in enumerate(CAPTIONS)]
    rows.append(row(20, image=None))
    done = write_imagefolder(curated(tmp_path / "in", rows), tmp_path / "out", Job("x", 2), rows_per_part=per_part)
    assert (done.rows, done.rejected) == (len(CAPTIONS), 1)
    lines = (tmp_path / "out" / "train" / "metadata.jsonl").read_text().split("\n")
    told = [json.loads(line) for line in lines if line]
    assert [each["text"] for each in told] == list(CAPTIONS)
    assert [each["multiplicity"] for each in told] == [1 + number % 2 for number in range(len(CAPTIONS))]
    for number, each in enumerate(told):
        assert (tmp_path / "out" / "train" / each["file_name"]).read_bytes() == picture(number)


def test_names_come_from_ids(tmp_path: Path) -> None:
    rows = [row(2**64 - 1, key="../../x", image={"bytes": picture(1), "path": "/etc/passwd"})]
    write_imagefolder(curated(tmp_path / "in", rows), tmp_path / "out")
    assert (tmp_path / "out" / "train" / "images" / "ff" / "ffffffffffffffff.jpg").is_file()
    assert image_name.__doc__
