"""The stage from a model on disk to scores.json, in clip-benchmark's shape."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from clip_benchmark.metrics import zeroshot_classification
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.external import external
from storage.record.manifest import External, Manifest
from storage.store.workspace import Runtime, Workspace
from storage.tables.shards import read_table
from tasks.embedding.benchmarks.layout import inspect_layout
from tasks.embedding.models.clip import Architecture, build_clip, load_clip, save_clip
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.task import evaluate
from tests.tasks.evaluation.conftest import COLOURS, their_loader, write_classification, write_retrieval

CONFIG = EvaluationConfig(resamples=200, recall_k=(1, 5))


@stage("model", version=1, modules=())
def untrained(seed: int, *, work: Workspace) -> Mapping[str, JsonValue]:
    save_clip(work.output, build_clip(Architecture(), seed=seed))
    return {}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runtime, Manifest, External]:
    """A store with a model, and a folder with three benchmarks."""
    root = tmp_path_factory.mktemp("shop")
    write_classification(root / "sets" / "six", list(COLOURS))
    write_classification(root / "sets" / "three", list(COLOURS)[:3])
    write_retrieval(root / "sets" / "captions")
    runtime = Runtime(store=root / "store")
    return runtime, untrained.run(0, runtime=runtime), external(root / "sets", root)


def folder(runtime: Runtime, manifest: Manifest) -> Path:
    return runtime.store / manifest.stage / manifest.key


@pytest.mark.parametrize("name", ["six", "three"])
def test_scores_are_clip_benchmarks(shop: tuple[Runtime, Manifest, External], name: str) -> None:
    runtime, model, sets = shop
    made = evaluate.run(CONFIG, name, model, sets, runtime=runtime)
    text = (folder(runtime, made) / "scores.json").read_text()
    scores = json.loads(text, parse_constant=lambda constant: pytest.fail(constant))
    clip = load_clip(folder(runtime, model))
    layout = inspect_layout(sets.path / name, name=name)
    theirs = zeroshot_classification.evaluate(
        clip.model,
        their_loader(layout, clip.transform, 256),
        clip.tokenizer,
        list(layout.classes),
        list(layout.templates),
        device="cpu",
        amp=False,
    )
    assert {"dataset", "model", "pretrained", "task", "metrics", "language"} <= set(scores)
    assert (scores["dataset"], scores["task"]) == (f"wds/{name}", "zeroshot_classification")
    if name == "three":
        assert scores["metrics"]["acc5"] is None
        theirs["acc5"] = None
    assert scores["metrics"] == theirs
    stats = made.stats
    assert stats["acc1"] == theirs["acc1"] and stats["acc5"] == theirs["acc5"]
    assert stats["benchmark"] == name and stats["images"] == 40 and stats["classes"] == len(layout.classes)
    low, high = stats["interval"]
    assert low <= theirs["mean_per_class_recall"] <= high
    answers = read_table(folder(runtime, made) / "predictions.parquet")
    assert answers.column_names == ["index", "label", "prediction"]
    hits = [row["label"] == row["prediction"] for row in answers.to_pylist()]
    assert sum(hits) / len(hits) == pytest.approx(theirs["acc1"])


def test_retrieval(shop: tuple[Runtime, Manifest, External]) -> None:
    runtime, model, sets = shop
    made = evaluate.run(CONFIG, "captions", model, sets, runtime=runtime)
    scores = json.loads((folder(runtime, made) / "scores.json").read_text())
    assert scores["task"] == "zeroshot_retrieval" and scores["primary"] == "image_retrieval_recall@1"
    assert sorted(scores["intervals"]) == sorted(scores["metrics"])


def test_same_bytes_whatever_the_batch(shop: tuple[Runtime, Manifest, External], tmp_path: Path) -> None:
    runtime, model, sets = shop
    made = evaluate.run(CONFIG, "six", model, sets, runtime=runtime)
    other = Runtime(store=tmp_path / "store")
    same_model = untrained.run(0, runtime=other)
    again = evaluate.run(CONFIG.model_copy(update={"batch_size": 7}), "six", same_model, sets, runtime=other)
    assert again.digest == made.digest and again.key == made.key


def test_absent_benchmark_leaves_nothing_behind(shop: tuple[Runtime, Manifest, External]) -> None:
    runtime, model, sets = shop
    before = sorted(path.name for path in (runtime.store / "evaluate").glob("*"))
    with pytest.raises(InputError, match="no benchmark folder"):
        evaluate.run(CONFIG, "absent", model, sets, runtime=runtime)
    assert sorted(path.name for path in (runtime.store / "evaluate").glob("*")) == before
