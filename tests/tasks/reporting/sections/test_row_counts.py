"""Rows in and out."""

from itertools import pairwise

from tasks.reporting.sections.row_counts import stations


def test_every_row_is_accounted_for() -> None:
    route = stations(
        [{"rows": 90, "rejected": 10, "reasons": {"empty": 7, "unreadable": 2}}],
        [{"rows": 90, "matched": 60}],
        {"matched": 58, "taken_down": 2},
        {"distinct": 20, "size": 50},
        {"rows": 20},
    )
    assert [station.rows for station in route] == [100, 90, 58, 20, 50]
    for before, after in pairwise(route[:4]):
        assert before.rows - sum(loss.rows for loss in after.losses) == after.rows
    assert [loss.reason for loss in route[1].losses] == ["empty", "unreadable", "no reason recorded"]
