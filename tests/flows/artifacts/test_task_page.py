"""A task run's page: its line; the whole page is tested with the pipeline."""

from flows.artifacts.task_page import _line
from tasks.reporting.lineage.nodes import LineageNode


def test_the_line_says_how_it_ended_and_why() -> None:
    ran = LineageNode("m", "match", "k", "d", (), "ran", 0.44, why=("never run",), rows=1000, folder="match/0123456789")
    assert _line(ran) == "ran in 0.4 s: 1,000 rows, because: never run; match/01234567"
    cached = LineageNode("m", "match", "k", "d", (), "cached", why=("made by demo curate",), folder="match/01")
    assert _line(cached) == "cached: made by demo curate; match/01"
    assert _line(LineageNode("m", "match", "", "", (), "failed", why=("x is bad",))) == "failed: x is bad"
