"""The CSV, read back by open_clip and pandas."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas._libs.parsers import STR_NA_VALUES

from storage.export.forms.open_clip_csv import MISSING, plain_title, write_open_clip_csv
from storage.export.parts import Job
from storage.tables.shards import read_table
from tests.storage.export.curated import curated, picture, row

open_clip_data = pytest.importorskip("open_clip_train.data")

CAPTIONS = (
    "plain", 'with "quotes"', '"', "tab\there", "two\r\nlines", "nul\x00byte", "nan", "NA", "None", "null", "'",
    ",", "  spaces  ", "\u2028separator", "é ✓ 漢", "#comment", "1e5", "=1+1", "\x1b[31mred", "x" * 5_000,
)  # fmt: skip


def test_read_by_open_clip(tmp_path: Path) -> None:
    rows = [row(number, caption=text) for number, text in enumerate(CAPTIONS)]
    export = write_open_clip_csv(curated(tmp_path / "in", rows), tmp_path / "out")
    data = open_clip_data.CsvDataset(
        str(export.files[0]), transforms=lambda image: image.size, img_key="filepath", caption_key="title",
        tokenizer=lambda texts: texts,
    )  # fmt: skip
    assert len(data) == export.rows == len(rows)
    for number, text in enumerate(CAPTIONS):
        size, read = data[number]
        assert size == (8, 8)
        assert read.split() == text.replace("\x00", " ").replace("\x1b", " ").split()
        assert Path(data.images[number]).read_bytes() == rows[number]["image"]["bytes"]  # type: ignore[index]


def test_images_stay_in_the_folder(tmp_path: Path) -> None:
    rows = [row(2**64 - 1, key="../../x", image={"bytes": picture(1), "path": "/etc/passwd"}, multiplicity=3)]
    export = write_open_clip_csv(curated(tmp_path / "in", rows), tmp_path / "out")
    frame = pd.read_csv(export.files[0], sep="\t")
    assert frame["filepath"].tolist() == [str(tmp_path / "out/images/ff/ffffffffffffffff.jpg")] * 3


def test_unprintable_captions_are_rejected_once(tmp_path: Path) -> None:
    rows = [row(1, caption="\x00\x01", multiplicity=2), row(2)]
    export = write_open_clip_csv(curated(tmp_path / "in", rows), tmp_path / "out")
    assert (export.rows, export.rejected) == (1, 1)


def test_what_a_title_cannot_hold_is_said(tmp_path: Path) -> None:
    rows = [row(number, caption=text, multiplicity=2) for number, text in enumerate(CAPTIONS)]
    export = write_open_clip_csv(curated(tmp_path / "in", rows), tmp_path / "out", rows_per_part=4)
    told = read_table(tmp_path / "out" / "rewritten.parquet").to_pylist()
    changed = [text for text in CAPTIONS if plain_title(text) != text]
    assert [each["caption"] for each in told] == changed and export.rewritten == len(changed)
    assert {"tab\there", "nul\x00byte", "NA"} <= set(changed) and "é ✓ 漢" not in changed


def test_pieces_make_the_same_file(tmp_path: Path) -> None:
    paths = curated(tmp_path / "in", [row(number, multiplicity=2) for number in range(20)])
    write_open_clip_csv(paths, tmp_path / "a" / "out", rows_per_part=1_000)
    write_open_clip_csv(paths, tmp_path / "b" / "out", Job("x", workers=2), rows_per_part=3)
    one, two = ((tmp_path / name / "out" / "pairs.csv").read_text() for name in "ab")
    assert one.replace(str(tmp_path / "a"), "") == two.replace(str(tmp_path / "b"), "")


@given(st.lists(st.text(min_size=1) | st.sampled_from(sorted(STR_NA_VALUES)), min_size=1, max_size=8))
def test_titles_survive_pandas(captions: list[str]) -> None:
    titles = ["word", *filter(None, map(plain_title, captions))]
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
    writer.writerow(["filepath", "title"])
    writer.writerows([["f", title] for title in titles])
    stream.seek(0)
    assert pd.read_csv(stream, sep="\t")["title"].tolist() == titles


def test_missing_values_are_those_of_pandas() -> None:
    assert set(STR_NA_VALUES) <= MISSING
