"""The lineage's page: a table and a picture; labels cannot break out of either."""

import base64
import re
import xml.etree.ElementTree as ET

from tasks.reporting.lineage.nodes import LineageNode
from tasks.reporting.lineage.page import escaped, image, inputs_in_words, lineage_markdown, reasons_in_words, table

NODES = (
    LineageNode("ingest scenes", "ingest", "a1", "d1" * 16, (), "ran", 1.25, {"rows": 4}, why=("never run",), rows=4,
                folder="ingest/0123456789abcdef"),
    LineageNode('match "1"]; click n0 "javascript:alert(1)"', "match", "b2", "d2", ("a1",), "cached",
                why=("made by <b>x</b> | y",), rows=4, inputs=(("a1", "ingest", 4),), folder="match/b2"),
    LineageNode("train <b>|x| `code`\u202e", "train", "c3", "", ("a1", "b2", "b2", "unknown"), "failed"),
    LineageNode("evaluate", "evaluate", "d4", "", ("c3",), "blocked"),
)  # fmt: skip


def rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")]


def test_the_table_comes_first_then_the_graph() -> None:
    text = lineage_markdown(NODES, title="Lineage of *x*", more=["## After"])
    assert text.startswith("# Lineage of \\*x\\*\n")
    assert "4 stage runs: 1 ran, 1 cached, 1 failed, 1 blocked." in text
    assert text.index("| ingest scenes |") < text.index("data:image/svg+xml") < text.index("## After")
    header, first = rows_of(text)[:2]
    assert header == "| stage runs | ended | rows in | rows out | why, or made by | key | digest |"
    assert first == "| ingest scenes | ran, 1.2\u00a0s |  | 4 | never run | `01234567` | `d1d1d1d1` |"


def test_rows_keep_their_columns_whatever_a_label_holds() -> None:
    text = lineage_markdown(NODES)
    rows = rows_of(text)[1:]
    assert len(rows) == 4
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 8 for row in rows)
    assert "<b>" not in text and "\u202e" not in text


def test_the_picture_is_the_svg_that_it_was_made_of() -> None:
    svg = "<svg xmlns='http://www.w3.org/2000/svg'/>"
    found = re.fullmatch(r"!\[a \\\[b\\\]\]\(data:image/svg\+xml;base64,([\w+/=]+)\)", image(svg, "a [b]"))
    assert found and base64.b64decode(found[1]).decode() == svg


def test_ninety_runs_are_few_lines_and_a_narrow_picture() -> None:
    ingest = [LineageNode(f"ingest {i}", "ingest", f"i{i}", "d", (), "ran", 1.0, rows=10) for i in range(30)]
    match = [LineageNode(f"match {i}", "match", f"m{i}", "d", (f"i{i}",), "ran", 0.5, rows=10) for i in range(30)]
    train = [LineageNode(f"train {i}", "train", f"t{i}", "d", ("m0",), "cached") for i in range(30)]
    text = lineage_markdown([*ingest, *match, *train])
    assert [row.split(" | ")[0] for row in rows_of(text)[1:]] == ["| ingest × 30", "| match × 30", "| train × 30"]
    encoded = re.search(r"base64,([\w+/=]+)", text)
    assert encoded
    picture = ET.fromstring(base64.b64decode(encoded[1]))
    assert float(picture.attrib["width"]) <= 800  # drawn at its own size, its letters are 13 pixels high


def test_nothing_run_has_no_picture() -> None:
    assert "No stage was run." in lineage_markdown([]) and "data:" not in lineage_markdown([])


def test_words() -> None:
    assert inputs_in_words({"match": 3880, "metadata": 34}) == "match 3,880, metadata 34"
    assert inputs_in_words({"a": 1, "b": 2, "c": 3, "d": 4}) == "a 1, b 2, c 3, …"
    assert reasons_in_words(("a", "b", "c", "d")) == "a; b; 2 more" and reasons_in_words(()) == ""


def test_cells_are_escaped_and_cut() -> None:
    assert escaped("x" * 100).endswith("…") and escaped("a|b<c>") == "a\\|b&lt;c&gt;"
    assert table(("", "a|b"), [("c", 15)]) == "|  | a\\|b |\n|---|---|\n| c | 15 |"
