"""Held-out pairs are nobody's training pairs, and every judgement reaches the page."""

import json

import numpy as np
import pyarrow as pa

from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.zero_shot.config import HoldOutConfig, ZeroShotConfig
from tasks.studies.zero_shot.inputs import Cell, ScoredRun
from tasks.studies.zero_shot.task import hold_out, judge_along, zero_shot_page
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
    assert "k = 2" in json.dumps(numbers)
