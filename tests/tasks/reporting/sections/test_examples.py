"""Which pairs are shown."""

import numpy as np
import polars as pl

from tasks.reporting.sections.examples import choose

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
