"""Rows and their scores: what stays, what goes and why, against plain sorting."""

from math import ceil

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from storage.tables.schemas import PAIRS
from tasks.ingest.rows.extras import Extras
from tasks.screening.config import ScoreFilter
from tasks.screening.filtering import filtered_rows, scores_of, top_bound
from tests.tasks.embedding.conftest import pairs_table

NUMBERS = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, float("inf"), -float("inf")])


@settings(deadline=None, max_examples=60)
@given(
    batches=st.lists(st.lists(NUMBERS, max_size=12), max_size=5),
    share=st.floats(0.001, 1) | st.sampled_from([0.1, 0.3, 0.5, 1.0]),
)
def test_a_top_share_ends_where_sorting_says(batches: list[list[float]], share: float) -> None:
    arrays = [np.array(batch, np.float64) for batch in batches]
    every = np.sort(np.concatenate([np.empty(0), *arrays]))[::-1]
    found = top_bound(lambda: iter(arrays), share)
    if not len(every):
        assert found is None
        return
    assert found == every[min(len(every), ceil(round(share * len(every), 9))) - 1]


def test_shares_are_decimal_numbers() -> None:
    """0.07 × 100 is 7.000000000000001 in binary."""
    scores = np.arange(100.0)
    assert top_bound(lambda: [scores], 0.07) == 93.0
    assert top_bound(lambda: [scores], 1) == 0.0


def scored(**columns: list[float | None]) -> pa.Table:
    rows = len(next(iter(columns.values())))
    scores = {name: pa.array(values, pa.float64()) for name, values in columns.items()}
    return Extras(scores).beside(pairs_table([b""] * rows))


def told(pairs: pa.Table, *rules: ScoreFilter, bounds: list[float | None] | None = None) -> dict[int, tuple[str, str]]:
    table = filtered_rows(pairs, rules, bounds or [None] * len(rules))
    place = {id_: row for row, id_ in enumerate(pairs["id"].to_pylist())}
    return {place[row["id"]]: (row["reason"], row["detail"]) for row in table.to_pylist()}


def test_every_dropped_row_has_its_value_and_its_bound() -> None:
    pairs = scored(clip=[0.3, 0.25, 0.1, None, 0.9], beauty=[5.0, 4.0, 9.0, 1.0, None])
    assert told(pairs, ScoreFilter(score="clip", at_least=0.25, at_most=0.5)) == {
        2: ("clip below 0.25", "clip 0.1 below 0.25"),
        3: ("no score clip", "clip is missing"),
        4: ("clip above 0.5", "clip 0.9 above 0.5"),
    }
    assert told(pairs, ScoreFilter(score="beauty", top=0.5, missing="keep"), bounds=[5.0]) == {
        1: ("beauty below the top 50 %", "beauty 4 below 5.0"),
        3: ("beauty below the top 50 %", "beauty 1 below 5.0"),
    }


def test_the_first_rule_gives_the_reason_and_ties_stay() -> None:
    pairs = scored(a=[1.0, 2.0, 2.0, 3.0], b=[0.0, 0.0, 1.0, 1.0])
    rules = (ScoreFilter(score="a", top=0.5), ScoreFilter(score="b", at_least=0.5))
    bound = top_bound(lambda: [scores_of(pairs, "a", np.empty(0, np.uint64))], 0.5)
    assert bound == 2.0
    assert {row: why for row, (why, _) in told(pairs, *rules, bounds=[bound, None]).items()} == {
        0: "a below the top 50 %", 1: "b below 0.5",
    }  # fmt: skip


def test_a_source_without_the_score_has_it_missing() -> None:
    pairs = pairs_table([b"", b""])
    assert set(told(pairs, ScoreFilter(score="clip", at_least=0))) == {0, 1}
    assert told(pairs, ScoreFilter(score="clip", at_least=0, missing="keep")) == {}
    assert told(pairs.slice(0, 0), ScoreFilter(score="clip", top=0.1)) == told(scored(clip=[0.5, 0.5])) == {}
    assert pairs.schema.equals(PAIRS)


def test_rows_that_are_gone_do_not_count() -> None:
    pairs = scored(clip=[4.0, None, 2.0, 1.0])
    gone = np.sort(pairs["id"].to_numpy()[[0, 3]])
    assert scores_of(pairs, "clip", gone).tolist() == [2.0]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "has no bound"),
        ({"at_least": 2, "at_most": 1}, "at least 2 and at most 1"),
        ({"at_least": float("nan")}, "finite number"),
        ({"at_most": float("inf")}, "finite number"),
        ({"top": 0}, "greater than 0"),
        ({"top": 1.5}, "less than or equal to 1"),
    ],
)
def test_rules_that_cannot_be(rule: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ScoreFilter.model_validate({"score": "clip"} | rule)
