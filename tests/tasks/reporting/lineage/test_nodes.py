"""`lineage.json`: strict, complete, edges by key."""

import json

from tasks.reporting.lineage.nodes import lineage_json, rows_in
from tests.tasks.reporting.lineage.test_page import NODES


def test_json_is_strict_and_complete() -> None:
    found = json.loads(json.dumps(lineage_json(NODES), allow_nan=False))
    assert [node["key"] for node in found["nodes"]] == ["a1", "b2", "c3", "d4"]
    assert found["nodes"][0]["why"] == ["never run"] and found["nodes"][0]["rows"] == 4
    assert found["edges"] == [
        {"from": "a1", "to": "b2"},
        {"from": "a1", "to": "c3"},
        {"from": "b2", "to": "c3"},
        {"from": "c3", "to": "d4"},
    ]
    assert found["states"] == {"ran": 1, "cached": 1, "failed": 1, "blocked": 1}


def test_an_input_of_several_runs_counts_once() -> None:
    assert rows_in([NODES[1], NODES[1]]) == {"ingest": 4} and rows_in([NODES[0]]) == {}
