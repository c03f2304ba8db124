"""Lineage as Mermaid, JSON and Markdown; labels cannot break out of any of them."""

import json
import re

from tasks.reporting.lineage import MOST_NODES, LineageNode, lineage_json, lineage_markdown, lineage_mermaid

NODES = (
    LineageNode("ingest scenes", "ingest", "a1", "d1", (), "ran", 1.25, {"rows": 4}),
    LineageNode('match "1"]; click n0 "javascript:alert(1)"', "match", "b2", "d2", ("a1",), "cached"),
    LineageNode("train <b>|x| `code`\u202e", "train", "c3", "", ("a1", "b2", "b2", "unknown"), "failed"),
    LineageNode("evaluate", "evaluate", "d4", "", ("c3",), "blocked"),
)


def test_json_is_strict_and_complete() -> None:
    found = json.loads(json.dumps(lineage_json(NODES), allow_nan=False))
    assert [node["key"] for node in found["nodes"]] == ["a1", "b2", "c3", "d4"]
    assert found["edges"] == [
        {"from": "a1", "to": "b2"},
        {"from": "a1", "to": "c3"},
        {"from": "b2", "to": "c3"},
        {"from": "c3", "to": "d4"},
    ]
    assert found["states"] == {"ran": 1, "cached": 1, "failed": 1, "blocked": 1}


def test_mermaid_draws_nodes_and_edges() -> None:
    text = lineage_mermaid(NODES)
    assert text.startswith("graph LR\n")
    assert '    n0["ingest scenes<br/>ran, 1.2 s"]:::ran' in text
    assert [line.strip() for line in text.splitlines() if "-->" in line] == [
        "n0 --> n1",
        "n0 --> n2",
        "n1 --> n2",
        "n2 --> n3",
    ]


def test_mermaid_labels_are_inert() -> None:
    for line in lineage_mermaid(NODES).splitlines():
        if ":::" in line:
            label = re.fullmatch(r'    n\d+\["(.*)"\]:::\w+', line)
            assert label is not None
            assert not set('"<>[]`|\u202e') & set(label[1].replace("<br/>", ""))


def test_markdown_rows_keep_their_columns() -> None:
    text = lineage_markdown(NODES, title="Lineage of *x*")
    assert text.startswith("# Lineage of \\*x\\*\n")
    assert "4 stages: 1 ran, 1 cached, 1 failed, 1 blocked." in text
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 4
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)
    assert "<b>" not in text and "\u202e" not in text


def test_parallel_runs_are_folded_when_there_are_many() -> None:
    source = LineageNode("ingest", "ingest", "s", "d", (), "ran", 1.0)
    many = [LineageNode(f"match {i}", "match", f"k{i}", "d", ("s",), "ran", 0.5) for i in range(MOST_NODES)]
    text = lineage_mermaid([source, *many])
    assert f"match × {MOST_NODES}<br/>ran, 30.0 s" in text
    assert text.count("-->") == 1
    assert len(lineage_json([source, *many])["nodes"]) == MOST_NODES + 1


def test_nothing_was_run() -> None:
    assert "No stage was run." in lineage_markdown(())
