"""The graph of the study of retrieval, and the whole of it on a few generated pictures."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.config.pipeline import load_experiment
from flows.config.studies.study import StudyExperiment
from flows.graph.studies.study import study_graph
from flows.graph.studies.tregs_retrieval import retrieval_graph
from flows.run import run_here
from tests.flows.config.studies.test_tregs_retrieval import PLAN
from tests.flows.graph.recorder import Recorder


def experiment(folder: Path, **changes: Any) -> StudyExperiment:
    path = folder / "mine.yaml"
    values = PLAN | {"seeds": [0, 1], "settings": {"ranks": [1, 2]}} | changes
    path.write_text(yaml.safe_dump({"output": str(folder / "run"), "store": str(folder / "store"), "study": values}))
    found = load_experiment(path)
    assert isinstance(found, StudyExperiment)
    return found


def test_every_arm_begins_from_its_seeds_model(tmp_path: Path) -> None:
    engine, other = Recorder(), Recorder()
    found = experiment(tmp_path)
    assert study_graph(engine, found) == "report"
    assert engine.submitted["fine-tune fine-tuned, seed 1"]["model"] == "train, seed 1"
    assert engine.submitted["embed 0 steps, seed 1, 0"]["encoder"].model == "train, seed 1"
    assert len(engine.submitted["report"]["runs"]) == 4
    retrieval_graph(other, found.study, found.runtime.store)  # type: ignore[arg-type]
    assert other.stages == engine.stages


@pytest.mark.slow
def test_the_whole_of_it(tmp_path: Path) -> None:
    run_here(experiment(tmp_path, seeds=[0]), "study", announce=lambda _: None)
    numbers = json.loads((tmp_path / "run" / "numbers.json").read_text(encoding="utf-8"))["numbers"]
    before, after = numbers["outcomes"]
    assert [each["label"]["name"] for each in (before, after)] == ["0 steps", "fine-tuned"]
    assert before["pairs"] == 24 and 0 <= after["recall"] <= 1 and before["gap"] != after["gap"]
    assert numbers["differences"] == []  # one seed is no test
