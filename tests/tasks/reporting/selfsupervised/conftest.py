"""A small self-supervised experiment as stage outputs: two seeds, trained and untrained."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.caching.stage import stage
from storage.store.workspace import Runtime, Workspace
from storage.tables.shards import write_table
from tasks.checks import Checks
from tasks.evaluation.stats import ProbeStats
from tasks.ingest.stats import SurveyStats
from tasks.reporting.config import RunLabel, SelfSupervisedReportConfig
from tasks.reporting.inputs.stage_outputs import Backbone, Probed
from tasks.reporting.selfsupervised.content import SelfSupervisedReport, compose
from tasks.training.stats import SelfSupervisedStats

SHARES = {"trained": (0.9, 0.85), "untrained": (0.4, 0.45)}


@stage("selfsupervise", version=1, modules=())
def fake_backbone(seed: int, *, work: Workspace) -> SelfSupervisedStats:
    steps = np.arange(1, 51)
    noise = np.random.default_rng(seed).normal(0, 0.1, 50)
    write_table(
        work.output / "metrics.parquet", pa.table({"step": steps, "loss": 3 - steps / 50 + noise, "rank": steps})
    )
    return SelfSupervisedStats(
        steps=50, examples_seen=4000, distinct_examples=40, resumed_at=0, seconds=1.0, final_loss=1.5 + seed,
        invariance=0.1, first_norm=1.2, second_norm=1.3, first_tree=0.9, second_tree=0.8, rank=12.5, spread=0.8,
        without_image=0,
    )  # fmt: skip


@stage("probe", version=1, modules=())
def fake_probe(seed: int, right: float, *, work: Workspace) -> ProbeStats:
    label = np.arange(60) % 3
    random = np.random.default_rng(seed)
    answers = {
        name: np.where(random.uniform(size=60) < right, label, (label + 1) % 3) for name in ("prediction", "neighbours")
    }
    write_table(work.output / "predictions.parquet", pa.table({"label": label, **answers}))
    return ProbeStats(
        task="linear_probe", primary="mean_per_class_recall", value=right, interval=(right, right), images=60,
        classes=3, penalty=0.01, penalty_at_edge=seed == 1, converged=True, effective_rank=12.3,
    )  # fmt: skip


@stage("survey", version=1, modules=())
def fake_survey(*, work: Workspace) -> SurveyStats:
    return SurveyStats(rows=40, sources={"<b>pictures</b>": 40}, rejected={"<b>pictures</b>": 160})


class Experiment:
    """All inputs of a self-supervised report, in one store."""

    def __init__(self, store: Path) -> None:
        self.runtime = Runtime(store=store)
        self.pairs = [fake_survey.run(runtime=self.runtime)]
        self.models = [Backbone(seed, fake_backbone.run(seed, runtime=self.runtime)) for seed in (0, 1)]
        self.probed = [
            Probed(RunLabel(variant=variant, seed=seed), fake_probe.run(seed, shares[seed], runtime=self.runtime))
            for variant, shares in SHARES.items()
            for seed in (0, 1)
        ]

    def composed(self, output: Path, checks: Checks | None = None) -> SelfSupervisedReport:
        """The content of its report."""
        config = SelfSupervisedReportConfig(title="Views <b>", resamples=200)
        return compose(config, self.pairs, self.models, self.probed, checks or Checks(), self.workspace(output))

    def workspace(self, output: Path) -> Workspace:
        """What a running report sees."""
        return Workspace("selfsupervised_report", "key", output, self.runtime)


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return Experiment(tmp_path_factory.mktemp("selfsupervised") / "store")
