"""What a self-supervised experiment says of itself."""

from pathlib import Path

import numpy as np
import pytest

from storage.tables.shards import read_table
from tasks.checks import Checks
from tasks.limits import AtLeast
from tasks.reporting.selfsupervised.content import SelfSupervisedReport
from tasks.training.checks import TrainingChecks
from tests.tasks.reporting.selfsupervised.conftest import Experiment


@pytest.fixture
def content(experiment: Experiment, tmp_path: Path) -> SelfSupervisedReport:
    return experiment.composed(tmp_path)


def test_the_linear_probe_and_the_neighbours_are_two_benchmarks(content: SelfSupervisedReport) -> None:
    assert list(content.scores.benchmarks) == ["linear probe", "nearest neighbours"]
    assert list(content.scores.pairs) == [("trained", "untrained")]
    assert content.headline.startswith("Trained against untrained, over 2 seeds: +")


def test_recall_is_the_mean_over_classes(content: SelfSupervisedReport, experiment: Experiment, tmp_path: Path) -> None:
    path = experiment.workspace(tmp_path).path(experiment.probed[0].scores, "predictions.parquet")
    table = read_table([path])
    label, answer = table["label"].to_numpy(), table["prediction"].to_numpy()
    trained = content.scores.benchmarks["linear probe"][0]
    assert trained.seeds[0][1] == pytest.approx(np.mean([(answer == label)[label == k].mean() for k in range(3)]))
    assert trained.chance == pytest.approx(1 / 3)


def test_every_training_ends_somewhere(content: SelfSupervisedReport) -> None:
    assert [(end.seed, end.loss, end.distinct) for end in content.ends] == [(0, 1.5, 40), (1, 2.5, 40)]
    assert content.ends[0].measures == {
        "invariance": 0.1, "first_norm": 1.2, "first_tree": 0.9, "rank": 12.5, "spread": 0.8
    }  # fmt: skip
    assert content.facts[:3] == (
        ("40", "images learnt from, without labels"),
        ("4,000", "images seen, two views of each"),
        ("2", "trainings, one for each seed"),
    )
    assert set(content.drawings) == {"scores", "training"}


def test_pictures_trainings_and_probes_are_held_against_the_limits(
    content: SelfSupervisedReport, experiment: Experiment, tmp_path: Path
) -> None:
    assert {(each.check, each.stage): (each.word, each.judged) for each in content.checks.lines} == {
        ("ingest.rejected", "survey"): ("warning", 1),
        ("ingest.rows", "survey"): ("passed", 1),
        ("training.finite", "selfsupervise"): ("passed", 2),
        ("training.rank", "selfsupervise"): ("passed", 2),
        ("training.spread", "selfsupervise"): ("passed", 2),
        ("evaluation.above_chance", "probe"): ("passed", 4),
    }
    strict = Checks(training=TrainingChecks(rank=AtLeast(severity="error", least=20.0)))
    assert next(iter(experiment.composed(tmp_path, strict).checks.lines)).word == "error"
