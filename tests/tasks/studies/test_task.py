"""The stages of studies: what is measured goes to the page through a file."""

import json

import pyarrow as pa
import pytest

from storage.store.workspace import Runtime
from storage.tables.schemas import MATCHES
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.stats import ProbeStats
from tasks.evaluation.task import probe
from tasks.studies.balance_k.measure import BalanceKNumbers
from tasks.studies.online.config import OnlineConfig
from tasks.studies.selfsupervised.config import ArmLabel, ComparisonConfig, SampleConfig
from tasks.studies.selfsupervised.inputs import Run
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.task import (
    NUMBERS,
    balance_k,
    balance_k_page,
    comparison,
    sample,
    train_targeted,
    tregs_cost,
    tregs_cost_page,
    tregs_points,
    tregs_points_page,
)
from tasks.studies.tregs_cost.config import CostConfig, TimedStep
from tasks.training.models.saved import load_heads
from tasks.training.stats import TrainingStats
from tasks.training.task import selfsupervise, train_heads
from tests.tasks.studies.balance_k.test_page import SMALL
from tests.tasks.studies.tregs_points.test_descents import TINY as POINTS
from tests.tasks.training.conftest import HEADS, embeddings_table, pairs_table, publish
from tests.tasks.training.selfsupervised.examples import SMALL as SELF_SUPERVISED


def test_balance_k_is_measured_and_told(runtime: Runtime) -> None:
    embeddings = publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": embeddings_table(60, dimension=8)})
    heads = train_heads.run(HEADS.model_copy(update={"steps": 2}), 0, [embeddings], runtime=runtime)
    measured = balance_k.run(SMALL, heads, [embeddings], runtime=runtime)
    assert MeasuredStats.of(measured).measured == 60
    page = balance_k_page.run(SMALL, measured, runtime=runtime)
    assert StudyStats.of(page).figures == 4 and StudyStats.of(page).edition == "own"
    folder = runtime.store / "balance_k_page" / page.key
    assert {file.path for file in page.files} >= {"index.html", "numbers.json", "figures/in-batch.svg"}
    numbers = BalanceKNumbers.model_validate_json((runtime.store / "balance_k" / measured.key / NUMBERS).read_bytes())
    assert f"{numbers.predicted['loss'][1]:.3f}" in (folder / "index.html").read_text(encoding="utf-8")


def test_a_comparison_is_read_from_what_trainings_and_probes_left(runtime: Runtime) -> None:
    pairs = publish(runtime, "ingest", "squares", {"pairs-00000.parquet": pairs_table(60)})
    some = sample.run(SampleConfig(rows=48), [pairs], runtime=runtime)
    assert MeasuredStats.of(some).measured == 60
    training = SELF_SUPERVISED.model_copy(update={"method": "clustering", "steps": 2, "batch": 16})
    runs = []
    for seed in (0, 1):
        model = selfsupervise.run(training, seed, [some], runtime=runtime)
        for untrained in (True, False):
            probed = probe.run(ProbeConfig(resamples=100, penalties=(1e-2,)), model, [some], [pairs],
                               untrained=untrained, runtime=runtime)  # fmt: skip
            label = ArmLabel(group="untrained" if untrained else "clustering", name="a", seed=seed)
            runs.append(Run(label, None if untrained else model, probed))
    page = comparison.run("clustering", ComparisonConfig(), training, runs, runtime=runtime)
    assert StudyStats.of(page).figures == 1
    numbers = json.loads((runtime.store / "comparison" / page.key / "numbers.json").read_bytes())["numbers"]
    found = numbers["outcomes"]
    assert [each["spread"] is None for each in found] == [True, False, True, False]
    assert 1 <= found[1]["prototypes"] <= 128
    assert found[3]["linear"] == pytest.approx(ProbeStats.of(probed).metrics["acc1"])
    assert len(numbers["summaries"]["linear"]) == 2


def test_points_and_costs_are_measured_and_told(runtime: Runtime) -> None:
    points = tregs_points.run(POINTS, runtime=runtime)
    page = tregs_points_page.run(POINTS, points, runtime=runtime)
    assert StudyStats.of(page).figures == 5 and MeasuredStats.of(points).measured == 11
    steps = [TimedStep(name="MSE", settings=SELF_SUPERVISED)]
    costs = CostConfig(batches=(8,), rounds=3, warmup=1)
    timed = tregs_cost.run(costs, steps, runtime=runtime)
    assert "relative to MSE" in StudyStats.of(tregs_cost_page.run(costs, timed, runtime=runtime)).answer[0]


def test_targeted_heads_are_trained_as_others_are(runtime: Runtime) -> None:
    vectors = embeddings_table(60, dimension=8)
    embeddings = publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": vectors})
    entries = pa.array([[row % 3] for row in range(60)], MATCHES.field("entries").type)
    matched = pa.table([vectors["id"], entries], schema=MATCHES)
    matches = publish(runtime, "match", "words", {"matches-00000.parquet": matched})
    balanced = publish(runtime, "balance", "law", {"entries.parquet": pa.table({"target": [1.0, 1.0, 2.0]})})
    config = HEADS.model_copy(update={"steps": 2, "batch": 8})
    made = train_targeted.run(config, OnlineConfig(candidates=2), 0, [embeddings], [matches], balanced, runtime=runtime)
    stats = TrainingStats.of(made)
    assert (stats.steps, stats.examples_seen, stats.distinct_examples) == (2, 16, 60)
    assert load_heads(runtime.store / "train_targeted" / made.key).logit_scale.exp().item() == pytest.approx(20, 1e-3)
