"""Which pairs are shown, and that nothing of a source's bytes reaches the page."""

import base64
import io
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from storage.tables.shards import write_table
from tasks.reporting.sections.examples import choose, fetch_rows, thumbnail
from tests.tasks.reporting.conftest import pairs_table, png

WEIGHTS = pl.DataFrame({"id": pl.Series([1, 2, 3, 4, 5, 6], dtype=pl.UInt64), "weight": [0.1, 2.0, 3.0, 1.0, 1.0, 0.2]})
SELECTION = pl.DataFrame(
    {"id": pl.Series([2, 3, 4, 5], dtype=pl.UInt64), "multiplicity": pl.Series([3, 3, 1, 1], dtype=pl.UInt16)}
)


def test_groups() -> None:
    groups = {group.title: group for group in choose(WEIGHTS, SELECTION, np.array([9], dtype=np.uint64), 4, seed=0)}
    assert groups["Repeated most"].ids == (3, 2)  # equal multiplicity: the heavier first
    assert sorted(groups["Kept once"].ids) == [4, 5]
    assert sorted(groups["Dropped"].ids) == [1, 6]
    assert groups["Never matched"].ids == (9,)
    assert groups["Dropped"].total == 2


def test_choice_does_not_depend_on_the_order_of_rows() -> None:
    forwards = choose(WEIGHTS, SELECTION, np.arange(100, dtype=np.uint64), 3, seed=1)
    backwards = choose(WEIGHTS[::-1], SELECTION[::-1], np.arange(100, dtype=np.uint64)[::-1], 3, seed=1)
    assert forwards == backwards


def test_empty_groups_are_left_out() -> None:
    assert choose(WEIGHTS.head(0), SELECTION.head(0), np.empty(0, dtype=np.uint64), 3, seed=0) == []


def test_rows_are_fetched_by_id(tmp_path: Path) -> None:
    path = tmp_path / "pairs-00000.parquet"
    write_table(path, pairs_table())
    found = fetch_rows([path], [1_000_003, 77], ["caption"])
    assert list(found) == [1_000_003] and found[1_000_003]["caption"] == pairs_table()["caption"][1].as_py()


def test_thumbnails_are_drawn_anew() -> None:
    payload = png(1, side=200) + b"<script>alert(1)</script>"
    uri, tiny = thumbnail(payload, 50)
    assert uri is not None and not tiny and uri.startswith("data:image/jpeg;base64,")
    content = base64.b64decode(uri.partition(",")[2])
    assert b"script" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) <= 100
    small, tiny = thumbnail(png(2), 50)
    assert small is not None and tiny and small.startswith("data:image/png;base64,")


def test_unusable_images_have_no_thumbnail() -> None:
    for content in (None, b"", b"text", b"%!PS-Adobe", b"<svg/>", png(1)[:40]):
        assert thumbnail(content, 50) == (None, False)
