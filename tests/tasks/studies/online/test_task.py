"""Heads trained on targeted batches, as a stage."""

import pyarrow as pa
import pytest

from storage.store.workspace import Runtime
from storage.tables.schemas import MATCHES
from tasks.studies.online.config import OnlineConfig
from tasks.studies.online.task import train_targeted
from tasks.training.models.saved import load_heads
from tasks.training.stats import TrainingStats
from tests.tasks.training.conftest import HEADS, embeddings_table, publish


def test_targeted_heads_are_trained_as_others_are(runtime: Runtime) -> None:
    vectors = embeddings_table(60, dimension=8)
    embeddings = publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": vectors})
    entries = pa.array([[row % 3] for row in range(60)], MATCHES.field("entries").type)
    matched = pa.table([vectors["id"], entries], schema=MATCHES)
    matches = publish(runtime, "match", "words", {"matches-00000.parquet": matched})
    balanced = publish(runtime, "balance", "law", {"entries.parquet": pa.table({"target": [1.0, 1.0, 2.0]})})
    config = HEADS.model_copy(update={"steps": 2, "batch": 8})
    made = train_targeted.run(config, OnlineConfig(candidates=2), 0, [embeddings], [matches], balanced, runtime=runtime)
    stats = TrainingStats.of(made)
    assert (stats.steps, stats.examples_seen, stats.distinct_examples) == (2, 16, 60)
    assert load_heads(runtime.store / "train_targeted" / made.key).logit_scale.exp().item() == pytest.approx(20, 1e-3)
