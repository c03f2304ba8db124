"""Held-out pairs are nobody's training pairs, and every judgement reaches the page."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from storage.record.manifest import Manifest
from storage.store.publish import describe_files
from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.embedding.benchmarks.layout import Layout
from tasks.evaluation.zeroshot.encoded import EncodedBenchmark, save_encoded
from tasks.studies.outputs import NUMBERS
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.zero_shot.config import HoldOutConfig, ProbeAlongConfig, ZeroShotConfig
from tasks.studies.zero_shot.inputs import Cell, Labels, ScoredRun
from tasks.studies.zero_shot.probed import Probed
from tasks.studies.zero_shot.task import hold_out, judge_along, probe_along, zero_shot_page
from tasks.training.task import train_heads
from tests.tasks.studies.scored.test_compare import runs
from tests.tasks.training.conftest import HEADS, embeddings_table, publish


def test_what_is_held_out_is_judged_and_told(runtime: Runtime) -> None:
    vectors = embeddings_table(80, dimension=8)
    embeddings = [publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": vectors})]
    config = HoldOutConfig(share=0.3, recall_k=(1, 5))
    apart = hold_out.run(config, embeddings, runtime=runtime)
    folder = runtime.store / "hold_out" / apart.key
    held, seen = (set(read_table([folder / name], ["id"])["id"].to_pylist())
                  for name in ("held.parquet", "selection-00000.parquet"))  # fmt: skip
    assert held and not held & seen and held | seen <= set(vectors["id"].to_pylist())
    assert MeasuredStats.of(apart).measured == len(held)

    heads = HEADS.model_copy(update={"steps": 6, "keep_every": 2})
    scored = []
    for half_steps in (1, 2):
        cell = Cell("MiniLM", 16, half_steps, "squares")
        for seed, answers in enumerate(runs(0.4 + half_steps / 10, seeds=2, seed=half_steps)):
            model = train_heads.run(heads, seed, embeddings, [apart], runtime=runtime)
            judged = judge_along.run(config, heads, model, embeddings, apart, runtime=runtime)
            assert MeasuredStats.of(judged).measured == 3  # after 2, 4 and 6 steps
            table = pa.table({
                "step": np.repeat(answers.steps, len(answers.label)),
                "label": np.tile(answers.label, len(answers.steps)),
                "correct": answers.correct.ravel(),
            })  # fmt: skip
            along = publish(runtime, "evaluate_along", f"{half_steps}-{seed}", {"answers.parquet": table})
            scored.append(ScoredRun(cell, seed, along, judged))
    page = zero_shot_page.run(ZeroShotConfig(), scored, runtime=runtime)
    assert StudyStats.of(page).figures
    numbers = json.loads((runtime.store / "zero_shot_page" / page.key / "numbers.json").read_bytes())["numbers"]
    assert [(each["half_steps"], each["steps"]) for each in numbers["held_out"]] == [(1, [2, 4, 6]), (2, [2, 4, 6])]


def _encoded(runtime: Runtime, split: str, images: int) -> Manifest:
    """A benchmark of two classes, encoded, whose pictures are the first ones of the pairs."""
    vectors = embeddings_table(60, dimension=8)["image"].combine_chunks().flatten().to_numpy().reshape(60, 8)
    pictures = torch.from_numpy(vectors[:images].copy())
    layout = Layout(name="pets", root=Path("pets"), split=split, kind="classification", shards=(),
                    classes=("cat", "dog"), templates=("a {c}",), images=images)  # fmt: skip
    made = publish(runtime, "encode_benchmark", split, {})
    folder = runtime.store / "encode_benchmark" / split
    save_encoded(folder, EncodedBenchmark(layout, pictures, pictures[:2].clone(), [row % 2 for row in range(images)]))
    return made.model_copy(update={"files": describe_files(folder)})


@pytest.mark.parametrize("learn_from", ["pairs", "train"])
def test_image_features_are_probed_along_training(runtime: Runtime, learn_from: str) -> None:
    vectors = embeddings_table(60, dimension=8)
    embeddings = [publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": vectors})]
    labels = pa.table({"id": vectors["id"], "label": pa.array([row % 2 for row in range(60)], pa.int64())})
    pairs = [publish(runtime, "ingest", "labels", {"pairs-00000.parquet": labels})]
    model = train_heads.run(HEADS.model_copy(update={"steps": 4, "keep_every": 2}), 0, embeddings, runtime=runtime)
    config = ProbeAlongConfig(penalties=(1e-2,), neighbours=1, resamples=100, learn_from=learn_from)
    learnt = Labels(pairs, embeddings) if learn_from == "pairs" else _encoded(runtime, "train", 60)
    found = probe_along.run(config, model, learnt, _encoded(runtime, "test", 20), runtime=runtime)
    assert MeasuredStats.of(found).measured == 2
    probed = Probed.model_validate_json((runtime.store / "probe_along" / found.key / NUMBERS).read_bytes())
    assert (probed.steps, probed.pictures, probed.converged) == ((2, 4), 60, True)
    assert probed.neighbours == (1.0, 1.0)  # what is asked is among what was learnt
