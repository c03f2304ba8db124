"""Rows in and out."""

from itertools import pairwise

from tasks.reporting.sections.row_counts import RowCounts, sources, stations


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


def test_screening_is_a_station_of_its_own() -> None:
    route = stations(
        [{"rows": 90, "rejected": 0}],
        [{"rows": 80, "matched": 60}],
        {"matched": 60},
        {"distinct": 20, "size": 50},
        {"rows": 20},
        {"equal pair": 10},
    )
    screened = next(station for station in route if station.name == "Screened")
    assert screened.rows == 80 and [(loss.reason, loss.rows) for loss in screened.losses] == [("equal pair", 10)]
    assert RowCounts(route).widest == 90


def test_sources_say_whose_the_images_are() -> None:
    first = {"source": "scenes", "kind": "scenes", "images": "generated"}
    assert sources([first, first, {"source": "mine", "kind": "csv"}]) == (
        "scenes (scenes, images: generated)", "mine (csv)"
    )  # fmt: skip
