"""Rows of a table as drafts: what becomes of problems, of several captions, and of keys of earlier rows."""

import numpy as np
import pyarrow as pa

from tasks.ingest.columns.known_ids import KnownIds
from tasks.ingest.rules import CarryingRules, FileRules
from tasks.ingest.tables.captions import caption_column, spread
from tasks.ingest.tables.columns import columns_of
from tasks.ingest.tables.config import TableRules
from tasks.ingest.tables.drafts import DraftMaker
from tasks.ingest.tables.keys import column_keys, numbered_keys
from tasks.ingest.tables.shard import Rows


def rows(**columns: pa.Array) -> Rows:
    count = len(next(iter(columns.values())))
    return Rows(np.arange(10, 10 + count), columns, lambda place: f"line {place}", {1: ("malformed row", "line 1 odd")})


def test_a_row_with_a_problem_is_one_rejection_under_the_key_of_its_place() -> None:
    columns = columns_of(caption="c", image=None, label="l", key=None, carrying=CarryingRules(scores=("s",)))
    given = rows(c=pa.array([["a", "b"], None, ["d"]]), l=pa.array(["1", "", "x"]), s=pa.array(["0.5", "", ""]))
    drafts = DraftMaker("s", columns, FileRules(), KnownIds(), None).drafts("t.csv", given)
    assert drafts.keys.to_pylist() == [b"t.csv:10#0", b"t.csv:10#1", b"t.csv:11", b"t.csv:12"]
    assert {place: (fault.key, fault.detail) for place, fault in drafts.faults.items()} == {
        2: ("t.csv:11", "line 1 odd"),
        3: ("line 2", "line 2: 'x' in 'l' is no whole number"),
    }
    assert drafts.labels is not None and drafts.labels.to_pylist() == [1, 1, None, None]
    assert drafts.extras.scores["s"].to_pylist() == [0.5, 0.5, None, None]


def test_keys_of_a_column_are_each_taken_once_and_problems_have_none() -> None:
    seen = KnownIds()
    keys, faults = column_keys(rows(k=pa.array(["a", "a", "a", None])), "k", "s", seen)
    assert keys.to_pylist() == [b"a", b"a", b"a", None]
    assert {place: fault.reason for place, fault in faults.items()} == {2: "duplicate key", 3: "malformed row"}
    assert numbered_keys("f", np.array([3, 9])).to_pylist() == [b"f:3", b"f:9"]


def test_captions_in_lists_are_spread_in_order() -> None:
    texts = caption_column(pa.array([["a"], None, ["b", "c"]])[1:])
    owner, keys, captions = spread(numbered_keys("f", np.array([0, 1])), texts, [])
    assert owner.tolist() == [0, 1, 1]
    assert keys.to_pylist() == [b"f:0", b"f:1#0", b"f:1#1"] and captions.to_pylist() == [None, b"b", b"c"]


def test_columns_are_those_that_are_named() -> None:
    config = TableRules(name="s", path="t.csv", label_column="l", image_column=None, scores=("x", "l"))  # type: ignore[arg-type]
    assert config.columns.named == {"caption": "caption", "label": "l"} and config.columns.all == ["caption", "l", "x"]
