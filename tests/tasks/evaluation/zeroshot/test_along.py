"""Heads that were kept along a training, scored on one encoded benchmark: the last as `evaluate_heads` scores it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from storage.record.external import external
from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.embedding.benchmarks.layout import inspect_layout
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import open_encoders
from tasks.embedding.models.clip import Architecture
from tasks.embedding.record import EncoderFiles, EncoderRecord
from tasks.embedding.task import embed
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.task import encode_benchmark, evaluate_along, evaluate_heads
from tasks.evaluation.zeroshot.along import score_along
from tasks.evaluation.zeroshot.encoded import encode_layout
from tasks.ingest.groups import plan_groups
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.task import ingest
from tasks.training.config import HeadsConfig
from tasks.training.models.heads import Heads
from tasks.training.models.saved import save_heads
from tasks.training.task import train_heads
from tests.tasks.evaluation.conftest import COLOURS, write_classification, write_retrieval

CONFIG = EvaluationConfig(resamples=100, recall_k=(1, 5))


def test_scores_along_a_training(tmp_path: Path) -> None:
    runtime = Runtime(store=tmp_path / "store")
    write_classification(tmp_path / "six", list(COLOURS))
    source = ScenesConfig(kind="scenes", rows=40)
    pairs = ingest.run(source, plan_groups(source)[0], [], runtime=runtime)
    encoder = EncoderRecord(EmbeddingConfig(architecture=Architecture()))
    embedded = embed.run(encoder, pairs, runtime=runtime)
    settings = HeadsConfig(steps=5, batch=8, keep_every=2)
    heads = train_heads.run(settings, 0, [embedded], runtime=runtime)
    folder = runtime.store / "train_heads" / heads.key
    assert sorted(path.name for path in (folder / "along").iterdir()) == ["step-0000002", "step-0000004"]
    encoded = encode_benchmark.run(CONFIG, "", encoder, external(tmp_path / "six", runtime.store), runtime=runtime)
    along = evaluate_along.run(CONFIG, heads, encoded, runtime=runtime)
    place = runtime.store / "evaluate_along" / along.key
    scores, answers = (read_table([place / f"{name}.parquet"]) for name in ("along", "answers"))
    assert scores["step"].to_pylist() == [2, 4, 5]
    last = evaluate_heads.run(CONFIG, heads, encoded, runtime=runtime)
    assert scores["mean_per_class_recall"][-1].as_py() == pytest.approx(last.stats["mean_per_class_recall"])
    assert len(answers) == 3 * len(set(answers["index"].to_pylist()))
    label, correct = (
        answers[name].to_numpy(zero_copy_only=False)[-len(answers) // 3 :] for name in ("label", "correct")
    )
    recall = np.mean([correct[label == each].mean() for each in np.unique(label)])
    assert recall == pytest.approx(last.stats["mean_per_class_recall"])


def test_retrieval_along_a_training(tmp_path: Path) -> None:
    layout = inspect_layout(write_retrieval(tmp_path / "captions"), name="captions")
    encoded = encode_layout(layout, open_encoders(EmbeddingConfig(), EncoderFiles(), "cpu"), batch_size=8)
    torch.manual_seed(0)
    save_heads(tmp_path / "heads", Heads(64, 64, hidden=8, outputs=6))
    found = score_along(encoded, {3: tmp_path / "heads"}, CONFIG)
    assert found.scores["step"].to_pylist() == [3]
    share = np.mean(found.answers["correct"].to_pylist())
    assert found.scores["image_retrieval_recall@1"][0].as_py() == pytest.approx(share)
