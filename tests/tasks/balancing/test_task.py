"""The stage on a store: its files and figures, and how lightly it is declared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.store.workspace import Runtime
from storage.tables.schemas import ENTRIES, WEIGHTS
from storage.tables.shards import read_table
from tasks.balancing.config import CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.stats import BalanceStats
from tasks.balancing.task import balance
from tests.paths import ROOT
from tests.tasks.balancing.builders import World, build, keyword_lists, world_ids


@pytest.mark.parametrize(
    "config",
    [RakeConfig(target=CappedTarget(t=12)), RakeConfig(steps=4, out_of_core=True), ThresholdConfig(size=50)],
    ids=["rake", "out of core", "threshold"],
)
def test_files_and_figures_agree(tmp_path: Path, config: object) -> None:
    world = World(rows=300, shards=2)
    _, matches, entries = build(world, tmp_path)
    manifest = balance.run(config, entries, [matches], runtime=Runtime(store=tmp_path, workers=2))
    folder, stats = tmp_path / "balance" / manifest.key, BalanceStats.of(manifest)
    weights = read_table(sorted(folder.glob("weights-*.parquet")))
    assert weights.schema.equals(WEIGHTS) and weights.num_rows == stats.matched
    lists = keyword_lists(world)
    held = {int(i) for i, words in zip(world_ids(world), lists, strict=True) if words}
    assert set(weights.column("id").to_pylist()) == held
    assert (stats.rows, stats.unmatched, stats.matches) == (300, 300 - len(held), sum(map(len, lists)))
    values = weights.column("weight").to_numpy()
    assert values.mean() == pytest.approx(1) and values.max() == pytest.approx(stats.largest_weight)
    assert stats.effective_sample_size == pytest.approx(values.sum() ** 2 / (values**2).sum())
    keywords = read_table([folder / "entries.parquet"])
    assert keywords.schema.equals(ENTRIES) and sum(keywords.column("count").to_pylist()) == stats.matches
    gap = np.abs(keywords.column("balanced").to_numpy() - keywords.column("target").to_numpy()).sum() / 2
    assert gap == pytest.approx(stats.total_variation, abs=1e-12)
    if stats.method == "threshold":
        assert sum(weights.column("inclusion").to_pylist()) == pytest.approx(stats.expected_size)
    else:
        assert weights.column("inclusion").null_count == len(held) and stats.expected_size is None


def test_no_match_at_all_is_refused(tmp_path: Path) -> None:
    world = World(rows=30, without=tuple(int(i) for i in world_ids(World(rows=30))[:30]))
    _, matches, entries = build(world, tmp_path)
    for config in (RakeConfig(), RakeConfig(out_of_core=True)):
        with pytest.raises(InputError, match="check the metadata list"):
            balance.run(config, entries, [matches], runtime=Runtime(store=tmp_path))


@pytest.mark.parametrize("room", ["balancing", "resampling"])
def test_declaring_the_stage_compiles_nothing(room: str) -> None:
    heavy = "{'numba', 'scipy', 'torch', 'prefect', 'matplotlib', 'sklearn', 'transformers', 'open_clip', 'faiss'}"
    script = f"import sys, tasks.{room}.task, tasks.{room}.config; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
