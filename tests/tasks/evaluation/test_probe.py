"""The stage, from a model of either kind to scores."""

import json
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime, Workspace
from storage.tables.shards import read_table
from tasks.embedding.models.clip import Architecture, build_clip, save_clip
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.task import probe
from tasks.training.selfsupervised.networks import build_model, save_model
from tests.tasks.training.conftest import pairs_table, publish
from tests.tasks.training.selfsupervised.examples import SMALL

CONFIG = ProbeConfig(resamples=200, neighbours=5)


@stage("backbone", version=1, modules=())
def backbone(seed: int, *, work: Workspace) -> Mapping[str, JsonValue]:
    save_model(work.output, build_model(SMALL, seed=seed), SMALL, seed)
    return {}


@stage("clip", version=1, modules=())
def clip(seed: int, *, work: Workspace) -> Mapping[str, JsonValue]:
    save_clip(work.output, build_clip(Architecture(), seed=seed))
    return {}


def squares(runtime: Runtime, *, shards: int = 1) -> tuple[list[Manifest], list[Manifest]]:
    """Coloured squares, whose label is their colour, to learn from and to be asked about."""
    table = pairs_table(96)
    cuts = np.linspace(0, 96, shards + 1).astype(int)
    parts = {f"pairs-{i:05d}.parquet": table.slice(a, b - a) for i, (a, b) in enumerate(pairwise(cuts))}
    train = publish(runtime, "ingest", f"train{shards}", parts)
    test = publish(runtime, "ingest", "test", {"pairs-00000.parquet": pairs_table(40, source="others")})
    return [train], [test]


@pytest.mark.parametrize("model", (backbone, clip))
def test_colours_are_told_apart_by_either_kind_of_model(runtime, model):
    train, test = squares(runtime)
    made = probe.run(CONFIG, model.run(0, runtime=runtime), train, test, runtime=runtime)
    scores = json.loads((runtime.store / made.name / "scores.json").read_text())
    assert scores["task"] == "linear_probe" and scores["metrics"]["acc5"] is None
    assert scores["metrics"]["acc1"] > 0.9 and scores["metrics"]["knn_acc1"] > 0.9
    assert made.stats["value"] == scores["metrics"]["mean_per_class_recall"]
    low, high = made.stats["interval"]
    assert low <= made.stats["value"] <= high
    assert scores["probe"]["converged"] and len(scores["probe"]["candidates"]) == len(CONFIG.penalties)
    answers = read_table(runtime.store / made.name / "predictions.parquet").to_pylist()
    assert len(answers) == 40 and [row["id"] for row in answers] == sorted(row["id"] for row in answers)
    assert np.mean([row["label"] == row["prediction"] for row in answers]) == scores["metrics"]["acc1"]


def test_neither_shards_nor_workers_change_a_byte(runtime, tmp_path):
    train, test = squares(runtime)
    one = probe.run(CONFIG, backbone.run(0, runtime=runtime), train, test, runtime=runtime)
    other = Runtime(store=tmp_path / "other", workers=2)
    train, test = squares(other, shards=5)
    again = probe.run(CONFIG, backbone.run(0, runtime=other), train, test, runtime=other)
    assert again.digest == one.digest


def test_untrained_is_the_network_before_training_and_only_for_its_kind(runtime):
    train, test = squares(runtime)
    fresh = backbone.run(0, runtime=runtime)
    before = probe.run(CONFIG, fresh, train, test, None, True, runtime=runtime)
    after = probe.run(CONFIG, fresh, train, test, runtime=runtime)
    assert before.stats["value"] == after.stats["value"]  # this one was saved untrained
    with pytest.raises(InputError, match="untrained"):
        probe.run(CONFIG, clip.run(0, runtime=runtime), train, test, None, True, runtime=runtime)


def test_pictures_without_labels_are_refused(runtime):
    train, test = squares(runtime)
    table = pairs_table(20)
    unlabelled = table.set_column(4, table.schema.field(4), pa.nulls(20, pa.int32()))
    nothing = publish(runtime, "ingest", "unlabelled", {"pairs-00000.parquet": unlabelled})
    with pytest.raises(InputError, match="label_column"):
        probe.run(CONFIG, backbone.run(0, runtime=runtime), [nothing], test, runtime=runtime)
    assert train
