"""The scores of a run, a folder a model."""

import json
from datetime import UTC, datetime
from pathlib import Path

from flows.engine.engine import Node
from flows.records.scores import write_scores
from storage.record.manifest import FileRef, Manifest
from storage.store.store import Store
from tasks.evaluation.exchange.clip_benchmark_json import read_results
from tests.tasks.evaluation.exchange.test_folder import document


def _scored(store: Store, label: str, task: str) -> Node:
    key = label.replace(" ", "-").replace(",", "")
    folder = store.directory("evaluate", key)
    folder.mkdir(parents=True)
    (folder / "scores.json").write_text(json.dumps(document(task)))
    files = (FileRef(path="scores.json", bytes=1, hash="x"),)
    made = Manifest(stage="evaluate", key=key, digest=key, files=files, code="", created=datetime.now(UTC))
    return Node(label, "evaluate", "cached", made)


def test_every_scored_model_has_its_files(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    nodes = [
        _scored(store, "evaluate half step, k = 2, seed 3, cifar10", "zeroshot_classification"),
        _scored(store, "probe half step, k = 2, seed 3, cifar10", "linear_probe"),
        _scored(store, "evaluate original, seed 0, cifar10", "zeroshot_classification"),
        Node("evaluate original, seed 1, cifar10", "evaluate", "failed"),
        Node("train original, seed 0", "train", "cached"),
    ]
    written = write_scores(tmp_path / "scores", "mine", store, nodes)
    folders = sorted({path.parent.name for path in written})
    assert folders == ["mine-half_step_k_=_2-seed3", "mine-original-seed0"]
    found = sorted((each.model, each.task) for _, each in read_results(tmp_path / "scores"))
    assert found == [
        ("mine-half step, k = 2", "linear_probe"),
        ("mine-half step, k = 2", "zeroshot_classification"),
        ("mine-original", "zeroshot_classification"),
    ]
    line = json.loads((tmp_path / "scores" / folders[0] / "eval_results.jsonl").read_text())
    assert (line["key"], line["n"], line["ci_low"]) == ("cifar10", 40, 0.4)


def test_a_run_without_scores_leaves_no_folder(tmp_path: Path) -> None:
    assert write_scores(tmp_path / "scores", "mine", Store(tmp_path / "store"), []) == []
    assert not (tmp_path / "scores").exists()
