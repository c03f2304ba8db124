"""The stages on a store: what they write, and that shards and workers change nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from storage.record.manifest import Manifest
from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.balancing.config import CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.task import balance
from tasks.resampling.config import CurateConfig, ResamplingConfig, SubsampleConfig
from tasks.resampling.task import curate, select, subsample
from tests.paths import ROOT
from tests.tasks.balancing.builders import World, build, keyword_lists, world_ids


def chain(
    world: World, store: Path, method: object, resampling: ResamplingConfig, workers: int = 1
) -> dict[str, Manifest]:
    pairs, matches, entries = build(world, store)
    runtime = Runtime(store=store, workers=workers)
    balanced = balance.run(method, entries, [matches], runtime=runtime)
    selected = select.run(resampling, balanced, [matches], runtime=runtime)
    return {
        "balance": balanced,
        "select": selected,
        "subsample": subsample.run(SubsampleConfig(), [pairs], selected, runtime=runtime),
        "curate": curate.run(CurateConfig(rows_per_shard=50), selected, [pairs], [matches], runtime=runtime),
    }


METHODS = [RakeConfig(target=CappedTarget(t=15)), ThresholdConfig(t=5.0)]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_chain_writes_what_the_contract_names(tmp_path: Path, method: object) -> None:
    found = chain(World(), tmp_path, method, ResamplingConfig(seed=3))
    stats = found["balance"].stats
    assert stats["rows"] == 400 and stats["matched"] + stats["unmatched"] == 400
    assert not stats["converged"] or stats["residual"] < 1e-8
    if stats["method"] == "rake":
        assert stats["components"] >= 1 and 0 <= stats["second_singular_value"] <= 1 + 1e-6
        assert (stats["margin_deficit"] > 1e-6) == (stats["blocking"] is not None)
    assert found["select"].stats["size"] == sum(
        read_table([tmp_path / "select" / found["select"].key / "selection.parquet"]).column("multiplicity").to_pylist()
    )
    effective = found["select"].stats["effective_sample_size"]
    assert found["subsample"].stats == {"size": round(effective), "of": 400}
    curated = read_table(sorted((tmp_path / "curate" / found["curate"].key).glob("curated-*.parquet")))
    assert curated.num_rows == found["select"].stats["distinct"] == found["curate"].stats["rows"]
    lists = dict(zip(world_ids(World()).tolist(), keyword_lists(World()), strict=True))
    for id_, entries, multiplicity in zip(*(curated.column(c).to_pylist() for c in ("id", "entries", "multiplicity"))):
        assert entries == lists[id_] and entries and multiplicity > 0


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_selection_is_the_same_for_any_shards_and_workers(tmp_path: Path, method: object) -> None:
    digests = set()
    for shards, workers in ((1, 1), (2, 2), (16, 3)):
        store = tmp_path / str(shards)
        found = chain(World(shards=shards), store, method, ResamplingConfig(seed=3), workers)
        digests.add(tuple(found[name].digest for name in ("balance", "select", "subsample", "curate")))
    assert len(digests) == 1


def test_realised_marginal_is_counted_from_the_selection(tmp_path: Path) -> None:
    found = chain(World(), tmp_path, RakeConfig(target=CappedTarget(t=15), initial="pairs"), ResamplingConfig())
    selection = read_table([tmp_path / "select" / found["select"].key / "selection.parquet"])
    lists = dict(zip(world_ids(World()).tolist(), keyword_lists(World()), strict=True))
    counts = np.zeros(30)
    for id_, copies in zip(*(selection.column(c).to_pylist() for c in ("id", "multiplicity"))):
        counts[lists[id_]] += copies
    entries = read_table([tmp_path / "select" / found["select"].key / "entries.parquet"])
    np.testing.assert_allclose(entries.column("realised").to_numpy(), counts / counts.sum(), rtol=1e-12)


LARGER = World(rows=3000, shards=4)
SCRIPT = """
import sys
from pathlib import Path
from tests.tasks.resampling.test_task import digests_of
digests_of(Path(sys.argv[1]))
"""


def digests_of(store: Path) -> tuple[str, ...]:
    """Pairs to curated shards; the digests of what was made."""
    pairs, matches, entries = build(LARGER, store)
    runtime = Runtime(store=store)
    balanced = balance.run(RakeConfig(target=CappedTarget(t=40), steps=20), entries, [matches], runtime=runtime)
    selected = select.run(ResamplingConfig(size=2500, seed=5), balanced, [matches], runtime=runtime)
    curated = curate.run(CurateConfig(rows_per_shard=100), selected, [pairs], [matches], runtime=runtime)
    return tuple(manifest.digest for manifest in (balanced, selected, curated))


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["balance", "select", "curate"])
def test_killed_in_a_stage_and_resumed(tmp_path: Path, stage: str) -> None:
    """A run that is killed and started again selects the same rows, bit for bit."""
    store = tmp_path / "killed"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(store)], cwd=ROOT, env=environment)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if (store / stage).is_dir():  # the stage has begun to write, or has just finished
            os.kill(process.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    process.wait(timeout=120)
    assert digests_of(store) == digests_of(tmp_path / "whole")
