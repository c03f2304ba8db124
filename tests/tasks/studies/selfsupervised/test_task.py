"""A page made of what other stages left."""

import json

import pytest

from storage.store.workspace import Runtime
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.stats import ProbeStats
from tasks.evaluation.task import probe
from tasks.studies.selfsupervised.config import ArmLabel, ComparisonConfig, SampleConfig
from tasks.studies.selfsupervised.inputs import Run
from tasks.studies.selfsupervised.task import comparison, sample
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.training.task import selfsupervise
from tests.tasks.training.conftest import pairs_table, publish
from tests.tasks.training.selfsupervised.examples import SMALL as SELF_SUPERVISED


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
