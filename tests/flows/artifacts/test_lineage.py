"""The table of every stage run; the page is tested with the pipeline."""

from flows.artifacts.lineage import _row
from tasks.reporting.lineage.nodes import LineageNode


def test_a_row_of_the_table() -> None:
    node = LineageNode("m 0", "match", "k", "d", (), "ran", 0.4, why=("a", "b"), rows=3, inputs=(("i", "ingest", 4),),
                       folder="match/k")  # fmt: skip
    assert _row(node) == {
        "stage": "match", "run": "m 0", "ended": "ran", "why, or made by": "a; b", "rows in": "ingest 4", "rows out": 3,
        "seconds": 0.4, "folder": "match/k", "digest": "d",
    }  # fmt: skip
