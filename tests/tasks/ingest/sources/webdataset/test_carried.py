"""What rows carry: from a table beside the tar where that has it, else from the sample's own fields."""

import math

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from tasks.ingest.rows.row import Rejection
from tasks.ingest.sources.webdataset.beside import TableBeside
from tasks.ingest.sources.webdataset.carried import Carried
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tasks.ingest.sources.webdataset.row import Row

ROWS = [
    Row(b"a", [b"1", b"2"], fields={"clip": 0.5, "kept": {"url": "own"}}),
    Row(b"b", [b"3"], fields={"scores": {"clip": 2}, "clip": 9, "url": 7}),
    Row(b"c", [b"4"], fields={"clip": "high"}),
]
OWNER = np.array([0, 0, 1, 2])


def carried(table: TableBeside | None = None, **options: object) -> Carried:
    return Carried(WebdatasetConfig(name="w", path="w.tar", **options), "0.tar", table)


def beside(**columns: list[object]) -> TableBeside:
    return TableBeside(pa.table({"key": ["b", "a"], "status": ["success"] * 2} | columns))


def test_fields_of_the_samples_and_of_objects_in_them() -> None:
    extras = carried(scores=("clip",), keep=("url",)).of(ROWS, [None] * 3, {}, OWNER)
    scores = extras.scores["clip"].to_pylist()
    assert scores[:3] == [0.5, 0.5, 2.0] and scores[3] is None
    assert extras.kept["url"].to_pylist() == ["own", "own", "7", None]


def test_the_table_beside_goes_first() -> None:
    table = beside(clip=[0.25, math.nan], url=["https://b", "https://a"])
    extras = carried(table, scores=("clip",), keep=("url",)).of(ROWS, [1, 0, -1], {}, OWNER)
    scores = extras.scores["clip"].to_pylist()
    assert math.isnan(scores[0]) and scores[2:] == [0.25, None]
    assert extras.kept["url"].to_pylist() == ["https://a", "https://a", "https://b", None]


def test_a_score_beside_must_be_a_number() -> None:
    with pytest.raises(InputError, match=r"the score 'clip' of the table beside 0\.tar is string: name numbers"):
        carried(beside(clip=["x", "y"]), scores=("clip",)).of(ROWS, [1, 0, -1], {}, OWNER)


def test_what_is_no_list_of_concepts_is_a_fault_of_its_drafts() -> None:
    rows = [Row(b"a", [b"1", b"2"], fields={"seen": ["dog"]}), Row(b"b", [b"3", b"4"], fields={"seen": "{"})]
    faults = {3: Rejection("b#1", "empty caption", "0.tar: earlier")}
    carried(concepts="seen").of(rows, [None, None], faults, np.array([0, 0, 1, 1]))
    assert {draft: fault.reason for draft, fault in faults.items()} == {2: "malformed row", 3: "empty caption"}
