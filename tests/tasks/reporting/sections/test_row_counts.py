"""Rows in and out."""

from itertools import pairwise

from tasks.ingest.stats import IngestStats
from tasks.matching.stats import MatchStats
from tasks.reporting.sections.row_counts import RowCounts, sources, stations
from tests.tasks.reporting.figures import balance_stats, realise_stats


def ingested(rows: int, reasons: dict[str, int], source: str = "mine") -> IngestStats:
    return IngestStats(
        source=source, kind="csv", images="none", class_names=(), group="1/1", rows=rows,
        rejected=sum(reasons.values()), reasons=reasons, rows_with_image=0,
        mean_caption_characters=None, labels={}, bytes=rows,
    )  # fmt: skip


def test_every_row_is_accounted_for() -> None:
    route = stations(
        [ingested(50, {"empty": 4, "unreadable": 2}), ingested(40, {"empty": 3})],
        [MatchStats(rows=90, matched=60, matches=80)],
        balance_stats(matched=60),
        realise_stats(distinct=20, size=50),
    )
    assert [station.rows for station in route] == [99, 90, 60, 20, 50]
    for before, after in pairwise(route[:4]):
        assert before.rows - sum(loss.rows for loss in after.losses) == after.rows
    assert [(loss.reason, loss.rows) for loss in route[1].losses] == [("empty", 7), ("unreadable", 2)]


def test_screening_is_a_station_of_its_own() -> None:
    route = stations(
        [ingested(90, {})],
        [MatchStats(rows=80, matched=60, matches=80)],
        balance_stats(matched=60),
        realise_stats(),
        {"equal pair": 10},
    )
    screened = next(station for station in route if station.name == "Screened")
    assert screened.rows == 80 and [(loss.reason, loss.rows) for loss in screened.losses] == [("equal pair", 10)]
    assert RowCounts(route).widest == 90


def test_sources_say_whose_the_images_are() -> None:
    first, second = ingested(1, {}, "a"), ingested(1, {}, "b")
    assert sources([first, first, second]) == ("a (csv, images: none)", "b (csv, images: none)")
