"""The graphs of studies."""

from pathlib import Path
from typing import get_args

import pytest

from flows.config.pipeline import load_experiment
from flows.config.studies.balance_k import BalanceKPlan
from flows.config.studies.study import StudyExperiment
from flows.graph.studies.balance_k import balance_k_graph
from flows.graph.studies.encoding import features_graph
from flows.graph.studies.study import GRAPHS, study_graph
from tests.flows.config.studies.test_study import study, write
from tests.flows.graph.recorder import Recorder


@pytest.fixture
def experiment(tmp_path: Path) -> StudyExperiment:
    found = load_experiment(write(tmp_path, study()))
    assert isinstance(found, StudyExperiment)
    return found


def test_balance_k_ends_with_its_page(experiment: StudyExperiment) -> None:
    engine = Recorder()
    assert study_graph(engine, experiment) == "report"
    assert list(engine.stages.values())[-4:] == ["embed", "train_heads", "balance_k", "balance_k_page"]
    assert engine.submitted["variances"]["model"] == "heads"
    assert isinstance(experiment.study, BalanceKPlan)
    other = Recorder()
    balance_k_graph(other, experiment.study, experiment.runtime.store)
    assert other.stages == engine.stages


def test_features_are_of_every_group(experiment: StudyExperiment, tmp_path: Path) -> None:
    engine = Recorder()
    found = features_graph(engine, experiment.study.data, tmp_path / "store")
    assert len(found.pairs) == len(found.embeddings) == 1 and found.encoder.model is None


def test_every_kind_has_a_graph() -> None:
    kinds = get_args(StudyExperiment.model_fields["study"].annotation) or (BalanceKPlan,)
    assert {get_args(kind.model_fields["kind"].annotation)[0] for kind in kinds} == set(GRAPHS)
