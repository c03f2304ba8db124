"""One tar of samples."""

import json
from pathlib import Path

import numpy as np

from storage.export.samples import Sample, read_samples
from storage.export.tars import add_sample, new_tar
from tests.storage.export.curated import curated, row, samples


def test_a_sample_is_read_back_whole_and_equal_rows_make_equal_bytes(tmp_path: Path) -> None:
    caption = "two\nlines\t\x00 \u202e NA"
    (path,) = curated(tmp_path / "in", [row(7, caption=caption, weight=1 / 3, label=4)])
    (sample,) = read_samples(path, np.array([0]))
    assert isinstance(sample, Sample)
    for name in ("a.tar", "b.tar"):
        with new_tar(tmp_path / name) as tar:
            size = add_sample(tar, "0000000000", sample)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    (read,) = samples([tmp_path / "a.tar"])
    assert (read["jpg"], read["txt"].decode()) == (sample.image, caption)
    assert size == len(read["jpg"]) + len(read["txt"]) + len(read["json"])
    told = json.loads(read["json"])
    assert (told["id"], told["uid"], told["weight"], told["label"]) == (f"{7:016x}", f"{7:032x}", 1 / 3, 4)
