"""The graphs of studies."""

from pathlib import Path
from typing import get_args

import pytest

from flows.config.pipeline import load_experiment
from flows.config.studies.balance_k import BalanceKPlan
from flows.config.studies.curation import CurationPlan
from flows.config.studies.online import OnlinePlan
from flows.config.studies.study import StudyExperiment
from flows.config.studies.zero_shot import ZeroShotPlan
from flows.graph.studies.balance_k import balance_k_graph
from flows.graph.studies.curation import curation_graph
from flows.graph.studies.encoding import features_graph
from flows.graph.studies.keywords import matched_pairs, selected
from flows.graph.studies.online import online_graph
from flows.graph.studies.simulated import baselines_graph, illustration_graph
from flows.graph.studies.study import GRAPHS, study_graph
from flows.graph.studies.zero_shot import zero_shot_graph
from storage.errors import InputError
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


def test_zero_shot_trains_every_setting_on_features_encoded_once(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    values = {
        "kind": "zero-shot",
        "sources": [{"kind": "scenes", "rows": 64}],
        "encoders": {"one": {"model": None}, "other": {"model": None, "settings": {"seed": 1}}},
        "batches": [8, 16],
        "half_steps": [0, 2],
        "seeds": [0, 1, 2],
        "benchmarks": [{"name": "a", "path": str(tmp_path / "set")}],
    }
    found = load_experiment(write(tmp_path, values))
    assert isinstance(found, StudyExperiment) and isinstance(found.study, ZeroShotPlan)
    engine = Recorder()
    assert zero_shot_graph(engine, found.study, found.runtime.store) == "report"
    stages = list(engine.stages.values())
    assert (stages.count("embed"), stages.count("encode_benchmark")) == (2, 2)
    assert (stages.count("train_heads"), stages.count("evaluate_along")) == (24, 24)
    heads = engine.submitted["heads batch 16, k=2, seed 1, other"]
    assert heads["config"].batch == 16 and heads["config"].loss.half_steps == 2 and heads["config"].keep_every == 500
    runs = engine.submitted["report"]["runs"]
    assert len({(run.cell, run.seed) for run in runs}) == 24
    assert heads["selection"] is None and all(run.judged is None for run in runs)
    held = load_experiment(write(tmp_path, values | {"held_out": {"share": 0.1}}))
    assert isinstance(held, StudyExperiment) and isinstance(held.study, ZeroShotPlan)
    engine = Recorder()
    zero_shot_graph(engine, held.study, held.runtime.store)
    assert engine.submitted["heads batch 16, k=2, seed 1, other"]["selection"] == ["hold pairs out, other"]
    judged = engine.submitted["held-out pairs batch 16, k=2, seed 1, other"]
    assert judged["held"] == "hold pairs out, other" and judged["heads"].loss.half_steps == 2
    assert all(str(run.judged).startswith("held-out pairs batch") for run in engine.submitted["report"]["runs"])
    for fault, said in (
        ({"half_steps": [1, 1]}, "twice"),
        ({"benchmarks": [{"name": "a"}]}, "no `path`"),
        ({"probe": {}}, "nothing to learn from"),
    ):
        with pytest.raises(InputError, match=said):
            load_experiment(write(tmp_path, values | fault))


@pytest.mark.parametrize("learn_from", ["train", "pairs"])
def test_zero_shot_probes_what_has_classes(tmp_path: Path, learn_from: str) -> None:
    for name in ("a", "b", "captions"):
        (tmp_path / name / "train").mkdir(parents=True)
    (tmp_path / "b" / "train").rmdir()
    (tmp_path / "captions" / "dataset_type.txt").write_text("retrieval")
    values = {
        "kind": "zero-shot",
        "sources": [{"kind": "scenes", "rows": 64}],
        "encoders": {"one": {"model": None}},
        "batches": [8],
        "half_steps": [1],
        "seeds": [0],
        "benchmarks": [{"name": name, "path": str(tmp_path / name)} for name in ("a", "b", "captions")],
        "probe": {"learn_from": learn_from},
    }
    found = load_experiment(write(tmp_path, values))
    assert isinstance(found, StudyExperiment) and isinstance(found.study, ZeroShotPlan)
    engine = Recorder()
    zero_shot_graph(engine, found.study, found.runtime.store)
    probes = {label: given for label, given in engine.submitted.items() if label.startswith("probe ")}
    assert [label.rpartition(", ")[2] for label in probes] == (["a"] if learn_from == "train" else ["a", "b"])
    learnt = next(iter(probes.values()))["learnt"]
    assert learnt == "encode a (train)" if learn_from == "train" else learnt.pairs == list(learnt.pairs)
    runs = {run.cell.benchmark: run.probed for run in engine.submitted["report"]["runs"]}
    assert runs["captions"] is None and runs["a"] == next(iter(probes))


def test_curation_gives_every_arm_its_control(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    values = {
        "kind": "curation",
        "data": {"sources": [{"kind": "scenes", "rows": 64}], "encoder": {"model": None}},
        "metadata": {"sources": [{"kind": "entries", "entries": ["red"]}]},
        "arms": {
            "half step": {"balancing": {"method": "rake"}},
            "threshold": {"balancing": {"method": "threshold", "t": 5}, "resampling": {"method": "poisson"}},
        },
        "seeds": [0, 1],
        "benchmark": {"name": "a", "path": str(tmp_path / "set")},
    }
    found = load_experiment(write(tmp_path, values))
    assert isinstance(found, StudyExperiment) and isinstance(found.study, CurationPlan)
    engine = Recorder()
    assert curation_graph(engine, found.study, found.runtime.store) == "report"
    arms = engine.submitted["report"]["arms"]
    assert [(arm.name, arm.control_of) for arm in arms] == [
        ("original", ""),
        ("half step", ""),
        ("random as half step", "half step"),
        ("threshold", ""),
        ("random as threshold", "threshold"),
    ]
    assert engine.submitted["heads original, seed 1"]["selection"] is None
    assert engine.submitted["heads threshold, seed 1"]["selection"] == ["select threshold 0"]
    assert engine.submitted["heads random as threshold, seed 1"]["selection"] == ["thin threshold 0"]
    assert engine.submitted["subsample threshold"]["realised"] == "realise threshold"
    with pytest.raises(InputError, match="the name of a control"):
        load_experiment(write(tmp_path, values | {"arms": {"random": {"balancing": {"method": "rake"}}}}))


def test_online_compares_equal_costs(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    values = {
        "kind": "online",
        "data": {"sources": [{"kind": "scenes", "rows": 64}], "encoder": {"model": None}},
        "metadata": {"sources": [{"kind": "entries", "entries": ["red"]}]},
        "offline": {"balancing": {"method": "rake"}},
        "heads": {"steps": 20, "batch": 8},
        "seeds": [0, 1],
        "benchmark": {"name": "a", "path": str(tmp_path / "set")},
        "settings": {"candidates": 4},
    }
    found = load_experiment(write(tmp_path, values))
    assert isinstance(found, StudyExperiment) and isinstance(found.study, OnlinePlan)
    engine = Recorder()
    assert online_graph(engine, found.study, found.runtime.store) == "report"
    assert [(arm.name, arm.trained, arm.decoded) for arm in engine.submitted["report"]["arms"]] == [
        ("uniform", 160, 160),
        ("offline selection", 160, 160),
        ("online, from ids", 160, 160),
        ("online, after decoding", 40, 160),
    ]
    assert engine.submitted["heads online, after decoding, seed 1"]["config"].steps == 5
    assert engine.submitted["heads offline selection, seed 0"]["selection"] == ["select offline 0"]
    features = features_graph(Recorder(), found.study.data, tmp_path / "store")
    entries, matches = matched_pairs(
        Recorder(), found.study.metadata, found.study.matching, features, tmp_path / "store"
    )
    assert (entries, matches) == ("metadata", ["match 0"])
    assert selected(Recorder(), "x", found.study.offline, entries, matches, features).realised == "realise x"
    for fault, said in (
        ({"offline": {"balancing": {"method": "threshold", "t": 5}}}, "has no target"),
        ({"heads": {"steps": 21, "batch": 8}}, "no multiple of 4"),
    ):
        with pytest.raises(InputError, match=said):
            load_experiment(write(tmp_path, values | fault))


@pytest.mark.parametrize("kind", ["baselines", "illustration"])
def test_studies_without_data_are_one_stage(tmp_path: Path, kind: str) -> None:
    found = load_experiment(write(tmp_path, {"kind": kind}))
    assert isinstance(found, StudyExperiment)
    engine = Recorder()
    assert study_graph(engine, found) == "report" and engine.stages == {"report": kind}
    assert {baselines_graph, illustration_graph} <= set(GRAPHS.values())


def test_features_are_of_every_group(experiment: StudyExperiment, tmp_path: Path) -> None:
    engine = Recorder()
    found = features_graph(engine, experiment.study.data, tmp_path / "store")
    assert len(found.pairs) == len(found.embeddings) == 1 and found.encoder.model is None


def test_every_kind_has_a_graph() -> None:
    kinds = get_args(StudyExperiment.model_fields["study"].annotation)
    assert {get_args(kind.model_fields["kind"].annotation)[0] for kind in kinds} == set(GRAPHS)
