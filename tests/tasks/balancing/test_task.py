"""The stage on a store: its files and figures, and how lightly it is declared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.store.workspace import Runtime
from storage.tables.schemas import ENTRIES
from storage.tables.shards import read_table
from tasks.balancing.config import CalibrateConfig, CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.law.law import NUMBERS, VECTORS, Law
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.stats import BalanceStats
from tasks.balancing.task import balance
from tests.paths import ROOT
from tests.tasks.balancing.builders import World, build, keyword_lists, world_ids

METHODS = [
    RakeConfig(target=CappedTarget(t=12)),
    RakeConfig(steps=4, initial="pairs"),
    ThresholdConfig(size=50),
    CalibrateConfig(target=CappedTarget(t=12), size=60),
]


@pytest.mark.parametrize("config", METHODS, ids=["rake", "rake pairs", "threshold", "calibrate"])
def test_files_and_figures_agree(tmp_path: Path, config: object) -> None:
    gone = tuple(int(i) for i in world_ids(World(rows=300))[10:30])
    world = World(rows=300, shards=2, gone=gone)
    _, matches, entries = build(world, tmp_path)
    manifest = balance.run(config, entries, [matches], runtime=Runtime(store=tmp_path, workers=2))
    folder, stats = tmp_path / "balance" / manifest.key, BalanceStats.of(manifest)
    assert sorted(path.name for path in folder.glob("*.parquet")) == [
        "entries.parquet", "history.parquet", VECTORS, "potentials.parquet",
    ]  # fmt: skip
    lists = [words for i, words in zip(world_ids(world).tolist(), keyword_lists(world), strict=True) if i not in gone]
    matrix = incidence_of(lists, world.keywords)
    law = Law.read(folder / VECTORS, folder / NUMBERS)
    values = law.weights(matrix.indptr, matrix.indices)
    held = matrix.degrees > 0
    assert (stats.rows, stats.gone, stats.matched, stats.unmatched) == (280, 20, held.sum(), 280 - held.sum())
    assert stats.matches == len(matrix.indices) and law.matched == stats.matched
    assert values[held].mean() == pytest.approx(1) and values.max() == pytest.approx(stats.largest_weight)
    assert stats.effective_sample_size == pytest.approx(values.sum() ** 2 / (values**2).sum())
    keywords = read_table([folder / "entries.parquet"])
    assert keywords.schema.equals(ENTRIES) and keywords.column("count").to_pylist() == matrix.counts.tolist()
    gap = np.abs(keywords.column("balanced").to_numpy() - keywords.column("target").to_numpy()).sum() / 2
    assert gap == pytest.approx(stats.total_variation, abs=1e-12)
    if stats.method == "rake":
        assert stats.expected_size is None and not law.gives_copies
    else:
        assert law.mass(matrix.indptr, matrix.indices).sum() == pytest.approx(stats.expected_size)


def test_what_is_gone_leaves_the_law_of_a_rebuild(tmp_path: Path) -> None:
    ids = world_ids(World(rows=300))
    gone = tuple(int(i) for i in ids[[0, 5, 6, 299]])
    for config in METHODS:
        laws = []
        for name, world in (("gone", World(rows=300, gone=gone)), ("without", World(rows=300, shards=3, without=gone))):
            store = tmp_path / name
            _, matches, entries = build(world, store)
            manifest = balance.run(config, entries, [matches], runtime=Runtime(store=store))
            folder = store / "balance" / manifest.key
            laws.append([(folder / each).read_bytes() for each in (VECTORS, NUMBERS, "entries.parquet")])
        assert laws[0] == laws[1]


def test_no_match_at_all_is_refused(tmp_path: Path) -> None:
    world = World(rows=30, without=tuple(int(i) for i in world_ids(World(rows=30))[:30]))
    _, matches, entries = build(world, tmp_path)
    for config in METHODS:
        with pytest.raises(InputError, match="check the metadata list"):
            balance.run(config, entries, [matches], runtime=Runtime(store=tmp_path))


@pytest.mark.parametrize("room", ["balancing", "resampling"])
def test_declaring_the_stage_compiles_nothing(room: str) -> None:
    heavy = "{'numba', 'scipy', 'torch', 'prefect', 'matplotlib', 'sklearn', 'transformers', 'open_clip', 'faiss'}"
    script = f"import sys, tasks.{room}.task, tasks.{room}.config; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
