"""What came of a run: the selection and the scores, and nothing where there is none."""

from pathlib import Path

from storage.store.store import Store
from storage.tables.shards import write_table
from tasks.reporting.lineage.nodes import LineageNode
from tasks.reporting.lineage.outcome import _marginals, outcome
from tests.tasks.reporting.conftest import entries_table


def test_scores_are_a_table_and_hostile_names_stay_in_their_cell(tmp_path: Path) -> None:
    stats = {"value": 0.5, "primary": "acc1", "interval": [0.4, 0.625]}
    nodes = [LineageNode("evaluate balanced, seed 0, a|b", "evaluate", "k", "d", (), "ran", stats=stats),
             LineageNode("evaluate x", "evaluate", "k2", "", (), "failed")]  # fmt: skip
    lines = "\n".join(outcome(nodes, Store(tmp_path))).replace("\\.", ".")
    assert "| balanced, seed 0, a\\|b | acc1 | 50.0% | 40.0% to 62.5% |" in lines and lines.count("\n| ") == 2


def test_a_run_that_came_to_neither_says_nothing(tmp_path: Path) -> None:
    gone = [LineageNode(stage, stage, "k", "d", (), "ran") for stage in ("balance", "realise")]
    assert outcome(gone, Store(tmp_path)) == [] and outcome([], Store(tmp_path)) == []


def test_the_figure_is_the_reports_own_or_drawn_where_there_is_none(tmp_path: Path) -> None:
    made = {stage: LineageNode(stage, stage, "k", "d", (), "ran") for stage in ("realise", "report")}
    store = Store(tmp_path)
    assert _marginals(made, store) is None
    (tmp_path / "realise" / "k").mkdir(parents=True)
    write_table(tmp_path / "realise" / "k" / "entries.parquet", entries_table())
    drawn = _marginals(made, store)
    assert drawn is not None and drawn.count("<svg") == 1 and "realised" in drawn
    figures = store.directory("report", "k") / "figures"
    figures.mkdir(parents=True)
    (figures / "marginals.svg").write_text("<svg>the report's</svg>", encoding="utf-8")
    assert _marginals(made, store) == "<svg>the report's</svg>"
    del made["report"]
    assert _marginals(made, store) == drawn
