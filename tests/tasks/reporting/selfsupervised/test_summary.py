"""The stage as a whole: a page that escapes, and a summary in strict JSON."""

import json
from pathlib import Path

import pytest

from tasks.checks import Checks
from tasks.reporting.config import SelfSupervisedReportConfig
from tasks.reporting.selfsupervised.summary import selfsupervised_summary
from tasks.reporting.summary import dumped
from tasks.reporting.task import selfsupervised_report
from tests.tasks.reporting.selfsupervised.conftest import Experiment

CONFIG = SelfSupervisedReportConfig(title="Views <b>", resamples=200)


def test_the_summary_is_strict_and_complete(experiment: Experiment, tmp_path: Path) -> None:
    content = selfsupervised_summary(experiment.composed(tmp_path))
    summary = json.loads(dumped(content), parse_constant=lambda name: pytest.fail(name))
    assert set(summary["variants"]) == {"trained", "untrained"} and set(summary["deltas"]) == {"trained-untrained"}
    assert [(each["variant"], each["seed"], each["stats"]["penalty_at_edge"]) for each in summary["probes"]] == [
        ("trained", 0, False), ("trained", 1, True), ("untrained", 0, False), ("untrained", 1, True)
    ]  # fmt: skip
    assert [each["seed"] for each in summary["training"]] == [0, 1]
    assert (summary["checks"]["ingest.rejected"], summary["checks"]["training.rank"]) == ("warning", "passed")


def test_the_page_shows_what_the_summary_holds(experiment: Experiment) -> None:
    made = selfsupervised_report.run(
        CONFIG, experiment.pairs, experiment.models, experiment.probed, Checks(), runtime=experiment.runtime
    )
    folder = experiment.runtime.store / made.stage / made.key
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "Views &lt;b&gt;" in html and "<b>" not in html
    sections = ("scores", "training", "checks", "reproduce")
    assert [name for name in sections if f'<section id="{name}">' not in html] == []
    assert "1 of 6 checks did not pass" in html and "80 %" in html
    assert html.count(", the edge of those tried") == 2
    assert made.stats["variants"] == json.loads((folder / "summary.json").read_text())["variants"]
    assert sorted(path.name for path in (folder / "figures").iterdir()) == ["scores.svg", "training.svg"]
