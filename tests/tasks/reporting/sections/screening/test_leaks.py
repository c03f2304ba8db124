"""Leaks chosen for the eye, on both sides of the limit."""

import polars as pl
import pytest

from tasks.reporting.sections.screening.leaks import around


@pytest.mark.parametrize(
    ("leaks", "others", "shown", "expected"),
    [
        (9, 9, 6, [0, 1, 7, 8, 9, 10]),  # the nearest, the farthest leaks, the nearest that are none
        (1, 9, 6, [0, 1, 2, 3, 4, 5]),
        (0, 9, 3, [0, 1, 2]),
        (9, 0, 4, [0, 1, 2, 8]),
        (2, 1, 12, [0, 1, 2]),
        (9, 9, 0, []),
    ],
)
def test_leaks_are_shown_on_both_sides_of_the_limit(leaks: int, others: int, shown: int, expected: list[int]) -> None:
    table = pl.DataFrame({"row": range(leaks + others), "leak": [True] * leaks + [False] * others})
    assert around(table, shown)["row"].to_list() == expected
