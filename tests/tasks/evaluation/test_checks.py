"""Checks of scores."""

import json
from pathlib import Path

import pytest

from tasks.checks import Checks, judge
from tasks.evaluation.checks import JUDGES
from tasks.evaluation.stats import BenchmarkStats, ProbeStats
from tests.tasks.judged import output, verdict

SCORES = {"task": "zeroshot_classification", "primary": "acc1", "value": 0.5, "interval": (0.4, 0.6), "images": 80,
          "classes": 4, "acc1": 0.5}  # fmt: skip


def scored(folder: Path, *recalls: float, **changed: object) -> BenchmarkStats:
    classes = [{"name": f"class {index}", "images": 9, "recall": recall} for index, recall in enumerate(recalls)]
    (folder / "scores.json").write_text(json.dumps({"classes": classes}))
    return BenchmarkStats.model_validate(SCORES | {"benchmark": "shape"} | changed)


@pytest.mark.parametrize(("interval", "passed"), [((0.26, 0.6), True), ((0.25, 0.6), False), ((0.1, 0.2), False)])
def test_the_whole_interval_lies_above_chance(tmp_path: Path, interval: tuple[float, float], passed: bool) -> None:
    found = verdict(output("evaluate", scored(tmp_path, 0.5, interval=interval)), tmp_path)
    assert found == {"evaluation.above_chance": passed, "evaluation.unrecognised": True}


def test_classes_without_recall_are_named(tmp_path: Path) -> None:
    stats = scored(tmp_path, 0.0, 0.5, 0.0, 0.1)
    found = judge(Checks(), output("evaluate_heads", stats), tmp_path)[1]
    assert not found.passed and "50 % of the classes of shape are never recognised: class 0, class 2" in found.said
    half = {"evaluation": {"unrecognised": {"most": 0.5}}}
    assert verdict(output("evaluate_heads", stats), tmp_path, half)["evaluation.unrecognised"]


def test_retrieval_has_neither(tmp_path: Path) -> None:
    assert verdict(output("evaluate", scored(tmp_path, classes=0)), tmp_path) == {}


def test_a_probe() -> None:
    figures = SCORES | {"penalty": 1.0, "penalty_at_edge": False, "converged": True, "effective_rank": 3.0}
    assert verdict(output("probe", ProbeStats.model_validate(figures))) == {"evaluation.above_chance": True}
    assert set(JUDGES) == {"evaluate", "evaluate_heads", "probe"}
