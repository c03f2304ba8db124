"""The graph of a comparison: every arm over every seed, one probe each, and the untrained network once a seed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.config.pipeline import load_experiment
from flows.config.studies.study import CONFIGS, StudyExperiment
from flows.engine.engine import Engine
from flows.graph.studies.study import study_graph
from flows.graph.studies.tregs_cost import cost_graph
from flows.graph.studies.tregs_points import points_graph
from tests.flows.graph.recorder import Recorder


@pytest.fixture
def engine() -> Recorder:
    found = load_experiment(CONFIGS / "clustering_small.yaml")
    assert isinstance(found, StudyExperiment)
    engine = Recorder()
    assert study_graph(engine, found) == "report"
    return engine


def test_every_arm_is_trained_and_probed_over_every_seed(shared_data: Path, engine: Recorder) -> None:
    stages = list(engine.stages.values())
    assert stages.count("selfsupervise") == 6 * 3 and stages.count("probe") == 6 * 3 + 3
    runs = engine.submitted["report"]["runs"]
    assert len(runs) == 21 and sum(run.model is None for run in runs) == 3
    first = engine.submitted["clustering, k = 2, seed 1"]
    assert first["seed"] == 1 and first["pairs"] == ["sample of pictures"]
    assert engine.submitted["probe clustering, k = 2, seed 1"]["model"] == "clustering, k = 2, seed 1"
    assert engine.submitted["report"]["question"] == "clustering"


@pytest.mark.parametrize(("name", "graph"), (("tregs-cost", cost_graph), ("tregs-points", points_graph)))
def test_studies_without_data_are_two_stages(name: str, graph: Callable[[Engine, Any, Path], Any]) -> None:
    found = load_experiment(CONFIGS / f"{name}_small.yaml")
    assert isinstance(found, StudyExperiment)
    engine, other = Recorder(), Recorder()
    assert study_graph(engine, found) == "report" and len(engine.submitted) == 2
    graph(other, found.study, found.runtime.store)
    assert other.stages == engine.stages
