"""The probe of a benchmark that was encoded once, for a CLIP model and for heads, beside scikit-learn's on the same."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import JsonValue
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.external import external
from storage.store.workspace import Runtime, Workspace
from tasks.embedding.benchmarks.layout import inspect_layout
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.models.clip import Architecture, build_clip, save_clip
from tasks.embedding.record import EncoderRecord
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.probe.encoded_features import labelled_features
from tasks.evaluation.probe.linear import Labelled
from tasks.evaluation.probe.outcome import probe_outcome
from tasks.evaluation.task import encode_benchmark, probe_encoded
from tasks.evaluation.zeroshot.encoded import EncodedBenchmark, load_encoded
from tasks.training.models.heads import Heads
from tasks.training.models.saved import load_heads, save_heads
from tests.tasks.evaluation.conftest import COLOURS, write_classification, write_retrieval

CONFIG = ProbeConfig(resamples=200, neighbours=5, penalties=(1e-2,), tolerance=1e-7)


@stage("clip", version=1, modules=())
def random_clip(seed: int, *, work: Workspace) -> Mapping[str, JsonValue]:
    save_clip(work.output, build_clip(Architecture(), seed=seed))
    return {}


@stage("heads", version=1, modules=())
def random_heads(*, work: Workspace) -> Mapping[str, JsonValue]:
    torch.manual_seed(0)
    save_heads(work.output, Heads(64, 64, hidden=32, outputs=16))
    return {}


@pytest.mark.parametrize("kind", ["clip", "heads"])
def test_scores_are_scikit_learns(tmp_path: Path, kind: str) -> None:
    root = write_classification(tmp_path / "sets" / "six", list(COLOURS), images=60)
    (root / "test").rename(root / "train")
    write_classification(tmp_path / "sets" / "six", list(COLOURS), images=40)
    runtime, sets = Runtime(store=tmp_path / "store"), external(tmp_path / "sets", tmp_path / "store")
    clip = random_clip.run(0, runtime=runtime)
    train, test = (
        encode_benchmark.run(
            EvaluationConfig(split=split), "six", EncoderRecord(EmbeddingConfig(), clip), sets, runtime=runtime
        )
        for split in ("train", "test")
    )
    model = clip if kind == "clip" else random_heads.run(runtime=runtime)
    made = probe_encoded.run(CONFIG, model, train, test, runtime=runtime)
    metrics = json.loads((runtime.store / made.name / "scores.json").read_text())["metrics"]

    heads = None if kind == "clip" else load_heads(runtime.store / model.name)
    known, asked = (labelled_features(load_encoded(runtime.store / each.name), heads) for each in (train, test))
    scaler = StandardScaler().fit(known.features.double())
    theirs = LogisticRegression(C=1 / (1e-2 * 60), tol=1e-10, max_iter=10_000)
    theirs.fit(scaler.transform(known.features.double()), known.labels)
    probabilities = theirs.predict_proba(scaler.transform(asked.features.double()))
    labels = asked.labels.numpy()
    best = theirs.classes_[np.argsort(-probabilities, axis=1)]
    assert metrics["acc1"] == pytest.approx((best[:, 0] == labels).mean(), abs=1e-6)
    assert metrics["acc5"] is None  # the training images show three of the six classes
    assert metrics["mean_per_class_recall"] == pytest.approx(balanced_accuracy_score(labels, best[:, 0]), abs=1e-6)
    distances, near = NearestNeighbors(n_neighbors=5, metric="cosine").fit(known.features).kneighbors(asked.features)
    votes = np.zeros((40, 6))
    np.add.at(votes, (np.arange(40)[:, None], known.labels.numpy()[near]), np.exp(-distances / CONFIG.temperature))
    # of cosines that are equal but for rounding either is a neighbour: one image of the 40 may be told otherwise
    assert metrics["knn_acc1"] == pytest.approx((votes.argmax(axis=1) == labels).mean(), abs=1 / 40 + 1e-6)
    named = [each["name"] for each in json.loads((runtime.store / made.name / "scores.json").read_text())["classes"]]
    assert named == ["red", "blue", "black"]


def test_what_was_not_reached_is_told() -> None:
    generator = np.random.default_rng(0)
    labels = torch.arange(80) % 4
    features = torch.from_numpy(generator.standard_normal((80, 6)) + labels.numpy()[:, None])
    known = Labelled(np.arange(80, dtype=np.uint64), features, labels)
    told: list[str] = []
    config = ProbeConfig(resamples=100, penalties=(1e-1, 1e-2), iterations=1, tolerance=1e-9)
    outcome = probe_outcome(config, known, known, names=["a", "b", "c", "d"], log=told.append)
    assert "give it more iterations" in told[0] and "at the edge of those tried" in told[1]
    assert [score.name for score in outcome.scores.classes] == ["a", "b", "c", "d"]


def test_captions_cannot_be_probed(tmp_path: Path) -> None:
    layout = inspect_layout(write_retrieval(tmp_path / "captions"), name="captions")
    with pytest.raises(InputError, match="captions is of kind retrieval"):
        labelled_features(EncodedBenchmark(layout, torch.eye(12), torch.eye(12), [["a"]] * 12), None)
