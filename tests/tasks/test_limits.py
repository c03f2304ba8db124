"""A figure against its limit."""

import math
from pathlib import Path

import pyarrow as pa
import pytest

from storage.tables.shards import write_table
from tasks.ingest.stats import SurveyStats
from tasks.limits import AtLeast, AtMost, Finding, Holds, Limit, Within, held, holds, plain, promised_columns, share
from tests.tasks.judged import output


@pytest.mark.parametrize(
    ("limit", "passing", "failing"),
    [
        (AtLeast(least=0.5), (0.5, 7.0, math.inf), (0.49, -math.inf, math.nan)),
        (AtMost(most=0.5), (0.5, -7.0), (0.51, math.inf, math.nan)),
        (Within(least=1, most=2), (1.0, 1.5, 2.0), (0.99, 2.01, math.nan)),
    ],
)
def test_limits_are_within_and_what_is_no_number_never_passes(
    limit: Limit, passing: tuple[float, ...], failing: tuple[float, ...]
) -> None:
    assert all(next(held("c", limit, value, "it is")).passed for value in passing)
    assert not any(next(held("c", limit, value, "it is")).passed for value in failing)
    assert next(held("c", limit, failing[-1], "it is")).value is None


def test_a_finding_says_figure_and_limit() -> None:
    (found,) = held("room.check", AtLeast(severity="error", least=0.1), 0.034567, "of the rows match", share)
    assert found == Finding("room.check", "error", False, "3.46 % of the rows match (asked: at least 10 %)", 0.034567)
    assert found.refuses and not next(held("c", AtLeast(least=1), 0.0, "rows")).refuses
    (both,) = held("c", Within(least=1, most=2_000), 1_234, "is it")
    assert both.said == "1,234 is it (asked: at least 1, at most 2,000)" and not both.refuses
    assert plain(1.5) == "1.5" and plain(math.inf) == "inf"


def test_what_is_off_says_nothing() -> None:
    assert not list(held("c", AtLeast(severity="off", least=1), 0.0, "rows"))
    assert not list(holds("c", Holds(severity="off"), False, "it holds"))


def test_a_range_that_nothing_is_in_is_refused() -> None:
    with pytest.raises(ValueError, match="exchange the two"):
        Within(least=2, most=1)


def test_columns_are_judged_by_name_and_type(tmp_path: Path) -> None:
    promised = pa.schema([("id", pa.uint64()), ("caption", pa.large_string())])
    good = pa.table({"id": [1], "caption": ["a"], "more": [0]}).cast(
        pa.schema([*promised, pa.field("more", pa.int64())])
    )
    write_table(tmp_path / "pairs-0.parquet", good)
    write_table(tmp_path / "pairs-1.parquet", pa.table({"id": [1], "more": [0]}))
    stats = SurveyStats(rows=1, sources={}, rejected={})

    def found(*files: str) -> Finding:
        return next(promised_columns("c", Holds(), output("s", stats, files), tmp_path, "pairs-", promised))

    assert found("pairs-0.parquet", "other.txt").passed
    bad = found("pairs-0.parquet", "pairs-1.parquet")
    assert not bad.passed and "id is int64, caption is missing" in bad.said


def test_a_share_that_is_not_all_is_not_told_as_all() -> None:
    assert [share(each) for each in (1.0, 0.9999, 0.72934, 0.0)] == ["100 %", "99.99 %", "72.9 %", "0 %"]
