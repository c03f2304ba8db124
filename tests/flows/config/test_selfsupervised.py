"""The self-supervised experiment, small: under a real Prefect server and without one, in one store."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.config.pipeline import load_config, load_experiment
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.engine.status import StatusEngine
from flows.graph.build import build
from flows.pipeline import selfsupervise
from flows.run import run_here
from storage.errors import InputError

SMALL: dict[str, Any] = {
    "parallel": 1,
    "sources": [{"kind": "scenes", "name": "learn", "rows": 200, "rows_per_group": 100}],
    "selfsupervised": {
        "seeds": [0, 1],
        "settings": {"steps": 3, "batch": 16, "network": "small", "side": 16, "hidden": 32, "outputs": 16},
    },
    "probe": {
        "test": [{"kind": "scenes", "name": "ask", "rows": 100, "seed": 1}],
        "settings": {"resamples": 100, "penalties": [0.1], "neighbours": 5},
    },
    "report": {"resamples": 100, "title": "<b>small</b>"},
}


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "pictures.yaml"
    path.write_text(yaml.safe_dump(SMALL | {"output": str(folder / "run"), "store": str(folder / "store")} | changes))
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, prefect_server: Any) -> SelfSupervisedExperiment:
    """The small experiment after a run under Prefect."""
    config = load_experiment(write(tmp_path_factory.mktemp("selfsupervised")))
    assert isinstance(config, SelfSupervisedExperiment)
    selfsupervise(config)
    return config


def test_it_leaves_a_report_a_summary_and_a_lineage(finished: SelfSupervisedExperiment) -> None:
    summary = json.loads((finished.folder / "summary.json").read_text())
    for variant in ("trained", "untrained"):
        for benchmark in ("linear probe", "nearest neighbours"):
            score = summary["variants"][variant][benchmark]
            assert 0 <= score["mean"] <= 1 and list(score["seeds"]) == ["0", "1"]
            assert score["image_interval"][0] <= score["mean"] <= score["image_interval"][1]
    assert summary["deltas"]["trained-untrained"]["linear probe"]["mean"] == pytest.approx(
        summary["variants"]["trained"]["linear probe"]["mean"]
        - summary["variants"]["untrained"]["linear probe"]["mean"]
    )
    assert [end["steps"] for end in summary["training"]] == [3, 3]
    page = (finished.folder / "report.html").read_text()
    assert "<svg" in page and "<b>small" not in page and "&lt;b&gt;small" in page
    assert {path.name for path in (finished.folder / "figures").iterdir()} == {"scores.svg", "training.svg"}
    lineage = json.loads((finished.folder / "lineage.json").read_text())
    assert lineage["states"]["failed"] == 0
    assert {"ingest", "selfsupervise", "probe", "selfsupervised_report"} <= {node["stage"] for node in lineage["nodes"]}


def test_a_second_run_without_the_server_is_all_cached(finished: SelfSupervisedExperiment) -> None:
    engine = StatusEngine(finished.runtime)
    build(engine, finished, "selfsupervise")
    assert {item.action for item in engine.plans} == {"cached"}
    assert {node.state for node in run_here(finished, "selfsupervise", announce=lambda line: None)} == {"cached"}


def test_another_probe_trains_nothing_again(finished: SelfSupervisedExperiment) -> None:
    settings = finished.probe.settings.model_copy(update={"neighbours": 7})
    changed = finished.model_copy(update={"probe": finished.probe.model_copy(update={"settings": settings})})
    engine = StatusEngine(changed.runtime)
    build(engine, changed, "selfsupervise")
    assert {item.stage for item in engine.plans if item.action != "cached"} == {"probe", "selfsupervised_report"}


def test_verbs_of_the_other_kind_are_refused_in_one_sentence(tmp_path: Path, small: Path) -> None:
    config = load_experiment(write(tmp_path))
    with pytest.raises(InputError, match="run whole, by selfsupervise"):
        build(StatusEngine(config.runtime), config, "curate")
    with pytest.raises(InputError, match="curates nothing"):
        load_config(write(tmp_path))
    other = load_experiment(small)
    with pytest.raises(InputError, match="by pipeline"):
        build(StatusEngine(other.runtime), other, "selfsupervise")


def test_a_misspelt_field_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    settings = SMALL["selfsupervised"] | {"settings": {"betta": 3}}
    with pytest.raises(InputError, match=r"selfsupervised.settings.betta.*did you mean `beta`"):
        load_experiment(write(tmp_path, selfsupervised=settings))
