"""The answer that a run ends with: its own numbers, differences before levels, and where everything lies."""

import json
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from flows.commands.reading.summary import curation_lines, differences, levels
from flows.config.pipeline import load_config
from tests.paths import ROOT

DELTAS = {
    "balanced-original": {
        "shape": {
            "metric": "mean_per_class_recall",
            "mean": 0.049,
            "interval": [0.046, 0.052],
            "distinguishable": True,
        },
        "colour": {
            "metric": "mean_per_class_recall",
            "mean": -0.02,
            "interval": [-0.05, 0.01],
            "distinguishable": False,
        },
    }
}
VARIANTS = {
    "original": {"shape": {"metric": "acc1", "mean": 0.5, "interval": None, "chance": 0.125, "seeds": {"0": 0.5}}}
}  # fmt: skip


def printed(table: object) -> str:
    console = Console(record=True, width=200)
    console.print(table)
    return console.export_text()


def test_a_difference_has_points_an_interval_a_verdict_and_a_unit() -> None:
    shape, colour = printed(differences(DELTAS, ("balanced", "original"))).splitlines()[1:3]
    words = "balanced − original shape +4.9 +4.6 to +5.2 gain points of mean per class recall"
    assert " ".join(shape.split()) == words
    assert "-2.0" in colour and "not distinguishable" in colour


def test_a_variant_may_hold_a_hyphen() -> None:
    deltas = {"balanced + T-REGS-balanced + no T-REGS": DELTAS["balanced-original"]}
    table = printed(differences(deltas, ("balanced + T-REGS", "balanced + no T-REGS")))
    assert "balanced + T-REGS − balanced + no T-REGS" in table


def test_levels_say_their_metric_and_chance() -> None:
    head, row = printed(levels(VARIANTS)).splitlines()[:2]
    assert "acc1, %" in head
    assert row.split() == ["original", "shape", "50.0", "–", "12.5", "50.0"]


def test_names_are_no_markup() -> None:
    assert "[red]x[/]" in printed(levels({"[red]x[/]": VARIANTS["original"]}))


def test_the_way_of_the_rows_and_the_distance_are_told() -> None:
    lines = list(
        curation_lines({
            "curation": {
                "rows": {"Source rows": 1200, "Matched": 900},
                "lost": {"Matched": {"caption holds no keyword": 300}},
                "selection": {"effective_sample_size": 811.6},
                "distances": {"before": {"total_variation": 0.3}, "realised": {"total_variation": 0.125}},
            }
        })
    )  # fmt: skip
    assert lines[0] == "rows: 1,200 source rows → 900 matched"
    assert "300 caption holds no keyword" in lines[1]
    assert "812 rows" in lines[2]
    assert "30.0 % before" in lines[3] and "12.5 % realised" in lines[3]


def test_a_target_that_changes_nothing_is_said() -> None:
    for nothing in (0.0, 3e-17):
        distances = {"before": {"total_variation": 0.0}, "realised": {"total_variation": nothing}}
        told = {"rows": {"Source rows": 60}, "distances": distances}
        assert "lower `balancing.target.t`" in list(curation_lines({"curation": told}))[-1]


def equipoise(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "flows.command", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=True).stdout


def test_a_curation_after_a_whole_run_prints_its_own_answer(experiment: Path) -> None:
    """It printed the scores of the run before, as if they were this one's."""
    folder = load_config(experiment).folder
    numbers = json.loads((folder / "summary.json").read_text())
    try:
        (folder / "summary.json").write_text(json.dumps(numbers | {"variants": VARIANTS, "headline": "an old run"}))
        text = equipoise("run", experiment, "--no-server", "--verb", "curate")
        found = json.loads(equipoise("run", experiment, "--no-server", "--verb", "curate", "--json"))
    finally:
        (folder / "summary.json").write_text(json.dumps(numbers))
    assert "an old run" not in text and "original" not in text
    assert f"curated Parquet: {folder / 'curated'}" in text and str(folder / "report.html") in text
    assert found["data"]["curated"]["path"] == str(folder / "curated") and found["summary"]["variants"] == {}
    assert max(len(line) for line in text.splitlines()) > 80  # standard output is no terminal: nothing is wrapped
