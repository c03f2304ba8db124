"""The counts of groups: written, read back and added up; and the keyword table with what was realised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.schemas import ENTRIES
from storage.tables.shards import write_table
from tasks.balancing.matrix.incidence import incidence_of
from tasks.resampling.selection.realised import realise
from tasks.resampling.selection.tables import DRAWN, add_groups, drawn_table, with_realised
from tasks.resampling.stats import SelectStats
from tests.tasks.balancing.examples import random_matrix
from tests.tasks.resampling.selection.examples import tally_of

MATRIX = random_matrix(300, 20, 2, empty=True)
COPIES = np.random.default_rng(0).integers(0, 5, size=300)


def test_groups_add_up_to_the_whole(tmp_path: Path) -> None:
    groups = []
    for number, rows in enumerate(np.array_split(np.arange(300), [120, 120, 131])):  # one group holds no row
        tally, path = tally_of(MATRIX.take(rows), COPIES[rows]), tmp_path / f"{number}.parquet"
        write_table(path, drawn_table(tally))
        stats = SelectStats(
            size=tally.size, distinct=tally.distinct, squares=tally.squares, largest_multiplicity=tally.largest
        )
        groups.append((path, stats))
    for order in (groups, groups[::-1]):
        found, whole = add_groups(20, order), tally_of(MATRIX, COPIES)
        np.testing.assert_array_equal(found.counts, whole.counts)
        np.testing.assert_array_equal(found.split, whole.split)
        for name in ("size", "distinct", "squares", "largest"):
            assert getattr(found, name) == getattr(whole, name)


def test_only_keywords_that_were_drawn_are_written() -> None:
    table = drawn_table(tally_of(incidence_of([[0, 3], [1]], 5), [2, 0]))
    assert table.schema.equals(DRAWN)
    assert table.column("entry").to_pylist() == [0, 3] and table.column("copies").to_pylist() == [2, 2]


def test_realised_fills_its_column_and_no_other() -> None:
    blank = {field.name: pa.nulls(2, field.type) for field in ENTRIES}
    keywords = pa.table({**blank, "entry": pa.array([0, 1], pa.uint32()), "text": ["a", "b"]}, schema=ENTRIES)
    found = realise(tally_of(incidence_of([[0], [0, 1]], 2), [1, 1]), np.ones(2), "pairs")
    filled = with_realised(keywords, found)
    np.testing.assert_allclose(filled.column("realised").to_pylist(), [2 / 3, 1 / 3])
    assert filled.drop_columns(["realised"]).equals(keywords.drop_columns(["realised"]))
