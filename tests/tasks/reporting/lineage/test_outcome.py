"""What came of a run: the selection and the scores, and nothing where there is none."""

from pathlib import Path

from storage.store.store import Store
from tasks.reporting.lineage.nodes import LineageNode
from tasks.reporting.lineage.outcome import outcome


def test_scores_are_a_table_and_hostile_names_stay_in_their_cell(tmp_path: Path) -> None:
    stats = {"value": 0.5, "primary": "acc1", "interval": [0.4, 0.625]}
    nodes = [LineageNode("evaluate balanced, seed 0, a|b", "evaluate", "k", "d", (), "ran", stats=stats),
             LineageNode("evaluate x", "evaluate", "k2", "", (), "failed")]  # fmt: skip
    lines = "\n".join(outcome(nodes, Store(tmp_path))).replace("\\.", ".")
    assert "| balanced, seed 0, a\\|b | acc1 | 50.0% | 40.0% to 62.5% |" in lines and lines.count("\n| ") == 2


def test_a_run_that_came_to_neither_says_nothing(tmp_path: Path) -> None:
    gone = [LineageNode(stage, stage, "k", "d", (), "ran") for stage in ("balance", "realise")]
    assert outcome(gone, Store(tmp_path)) == [] and outcome([], Store(tmp_path)) == []
