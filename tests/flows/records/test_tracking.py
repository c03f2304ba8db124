"""Trainings are told while they run, in full when they end, with their scores; a tracker that fails costs nothing."""

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from flows.config.pipeline import PipelineConfig, load_config
from flows.engine.engine import Node
from flows.records.tensorboard import FOLDER
from flows.records.trackers import KINDS, Described, Trackers
from flows.records.tracking import JOURNAL, STAGES, Tracking
from storage.record.keys import KeyParts
from storage.store.store import Store
from tasks.training.loop import journal as written
from tests.flows.conftest import edit
from tests.flows.records.test_tensorboard import run_of, scalars

LABEL = "train balanced, seed 0"


def parts(config: PipelineConfig, nodes: list[Node]) -> KeyParts:
    manifest = nodes[0].manifest
    assert manifest
    return KeyParts("train", 1, "", {"config": {"steps": 4}, "seed": 0, "pairs": []}, manifest.parents)


def started(config: PipelineConfig) -> tuple[Tracking, list[Node], Path]:
    """A training that was begun, the nodes of its end, and its journal."""
    nodes = run_of(config, 4)
    tracking = Tracking(config, interval=0.01)
    made = parts(config, nodes)
    scratch = Store(config.runtime.store).scratch(made.key)
    scratch.mkdir(parents=True, exist_ok=True)
    tracking.started(nodes[0].label, made)
    return tracking, nodes, scratch / JOURNAL


def eventually(holds: Any, seconds: float = 60.0) -> None:
    """Wait for another thread; the limit is for machines that are busy."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_names_of_the_journal_and_of_the_stages_are_those_of_training() -> None:
    from tasks.training import task

    stages = {value.name for value in vars(task).values() if type(value).__name__ == "Stage"}
    assert written.JOURNAL == JOURNAL and stages == STAGES


def test_tensorboard_is_written_while_a_training_runs(small: Path) -> None:
    config = load_config(small)
    tracking, nodes, journal = started(config)
    live = next((config.folder / FOLDER).glob("*/live"))
    with open(journal, "w", buffering=1) as file:
        file.write(json.dumps({"step": 1, "loss": 3.0, "logit_scale": 14.0, "examples": 16}) + "\n")
        eventually(lambda: scalars(live).get("train/loss"))
        assert scalars(live) == {"train/loss": {1: 3.0}, "train/scale": {1: 14.0}, "train/samples": {1: 16.0}}
        file.write(json.dumps({"step": 2, "loss": 2.0})[:9])
        file.flush()
    tracking.ended(nodes[0])
    tracking.ended(nodes[1])
    eventually(lambda: set(scalars(live)["train/loss"]) == {1, 2, 3, 4})  # the file is flushed every two seconds
    tracking.close(nodes)
    assert not live.exists()


def test_a_tracker_that_fails_says_so_once(small: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = load_config(small)
    (config.folder / FOLDER).parent.mkdir(parents=True, exist_ok=True)
    (config.folder / FOLDER).write_text("a file in the way")
    with caplog.at_level(logging.WARNING, "equipoise"):
        tracking, nodes, _ = started(config)
        tracking.ended(nodes[0])
        tracking.started("another", parts(config, nodes))
        tracking.close([*nodes, Node("another", "train", "failed")])
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "tensorboard is not told of trainings any more"
    ]


def test_a_training_in_another_process_is_told_when_it_ends_and_a_cached_one_is_not(small: Path) -> None:
    config = load_config(small)
    nodes = run_of(config, 4)
    tracking = Tracking(config, interval=0.01)
    tracking.ended(Node(nodes[0].label, "train", "cached", manifest=nodes[0].manifest))
    assert not (config.folder / FOLDER).exists()
    tracking.ended(nodes[0])
    live = next((config.folder / FOLDER).glob("*/live"))
    eventually(lambda: set(scalars(live).get("train/loss", ())) == {1, 2, 3, 4})
    tracking.close([])
    assert not live.exists()


def test_trackers_are_part_of_no_experiment(small: Path) -> None:
    assert load_config(edit(small, trackers=[])).computes() == load_config(small).computes()


def described(config: PipelineConfig) -> Described:
    made = parts(config, run_of(config, 4))
    return Described("demo", LABEL, "train", made.key, made.parents, {"seed": 0})


def told(name: Any, config: PipelineConfig) -> None:
    trackers = Trackers([name])
    opened = trackers.open(described(config), {name: config.folder})
    assert list(opened) == [name]
    trackers.log(opened, 1, {"train/loss": 2.0})
    trackers.log(opened, 2, {"train/loss": 1.0, "val/shape-zeroshot-val-top1": 0.5})
    trackers.end(opened)


def test_wandb_offline(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="Weights & Biases is not installed: pip install 'equipoise[wandb]'")
    monkeypatch.setenv("WANDB_MODE", "offline")
    config = load_config(small)
    told("wandb", config)
    (run,) = (config.folder / "wandb").glob("offline-run-*/run-*.wandb")
    content = run.read_bytes()
    for words in (LABEL, "train/loss", "val/shape-zeroshot-val-top1", "gather:data-digest"):
        assert words.encode() in content


def test_mlflow_in_a_local_store(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking = pytest.importorskip("mlflow.tracking", reason="MLflow is not installed: pip install 'equipoise[mlflow]'")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    config = load_config(small)
    told("mlflow", config)
    client = tracking.MlflowClient(tracking_uri=f"sqlite:///{config.folder.absolute()}/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("demo").experiment_id])
    assert run.info.run_name == LABEL and run.info.status == "FINISHED"
    assert run.data.params["input/pairs_0_"] == "gather_data-digest".replace("_", ":", 1)
    assert run.data.metrics == {"train/loss": 1.0, "val/shape-zeroshot-val-top1": 0.5}
    assert [each.value for each in client.get_metric_history(run.info.run_id, "train/loss")] == [2.0, 1.0]
    assert set(KINDS) == {"tensorboard", "wandb", "mlflow"} and (config.folder / "mlflow.db").is_file()
