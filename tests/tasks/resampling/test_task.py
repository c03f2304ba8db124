"""The stages on a store: what they write, that groups and workers change nothing, and that a kill does not either."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.config import BalancingConfig, CalibrateConfig, CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.stats import BalanceStats
from tasks.resampling.config import CurateConfig, ResamplingConfig
from tasks.resampling.sampling.subset import subset
from tasks.resampling.stats import GatherStats, RealiseStats, ScatterStats, SelectStats, SubsampleStats, ThinStats
from tests.paths import ROOT
from tests.tasks.balancing.builders import World, keyword_lists, world_ids
from tests.tasks.resampling.chains import Chain, run

METHODS = [
    RakeConfig(target=CappedTarget(t=15)),
    ThresholdConfig(t=5.0),
    CalibrateConfig(target=CappedTarget(t=15), size=150),
]
DRAWS = ["poisson", "residual", "multinomial", "systematic"]
LISTS = dict(zip(world_ids(World()).tolist(), keyword_lists(World()), strict=True))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_chain_writes_what_the_contract_names(tmp_path: Path, method: BalancingConfig) -> None:
    found = run(tmp_path, World(), CurateConfig(rows_per_shard=50), method, ResamplingConfig(seed=3), groups=2)
    stats, realised = BalanceStats.of(found.balanced), RealiseStats.of(found.realised)
    assert stats.rows == 400 and stats.matched + stats.unmatched == 400
    assert not stats.converged or stats.residual < 1e-3
    selection = found.selection
    assert realised.size == sum(selection.column("multiplicity").to_pylist())
    assert realised.distinct == selection.num_rows == sum(SelectStats.of(each).distinct for each in found.selected)
    copies = selection.column("multiplicity").to_numpy().astype(float)
    assert realised.effective_sample_size == pytest.approx(copies.sum() ** 2 / (copies**2).sum())
    assert realised.largest_multiplicity == copies.max() and realised.mean_bytes == 20
    curated = found.table(found.curated, "curated-*.parquet")
    gathered = GatherStats.of(found.curated[0])
    assert curated.num_rows == realised.distinct == gathered.rows
    assert sum(ScatterStats.of(each).rows for each in found.scattered) == curated.num_rows
    assert gathered.shards == len(found.shards()) == -(-realised.distinct // 50)
    for id_, entries, multiplicity in zip(*(curated.column(c).to_pylist() for c in ("id", "entries", "multiplicity"))):
        assert entries == LISTS[id_] and entries and multiplicity > 0


def test_another_target_has_another_random_control_in_the_same_store(tmp_path: Path) -> None:
    """What `subsample` found is in a file: by its digest `thin` knows that the size is another."""
    found = [run(tmp_path, World(), method=RakeConfig(target=CappedTarget(t=t))) for t in (5, 40)]
    sizes = [sum(ThinStats.of(each).size for each in chain.random) for chain in found]
    wanted = [round(RealiseStats.of(chain.realised).effective_sample_size) for chain in found]
    assert wanted[0] != wanted[1] and sizes == wanted


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_the_same_to_the_byte_for_any_groups_files_and_workers(
    tmp_path: Path, method: BalancingConfig, draw: str
) -> None:
    resampling = ResamplingConfig(method=draw, size=120, seed=3)
    seen = []
    for groups, shards, workers, gatherings in ((1, 1, 1, 1), (2, 3, 2, 4), (5, 2, 3, 2)):
        found = run(
            tmp_path / str(groups),
            World(shards=shards),
            CurateConfig(rows_per_shard=30, validation=0.2),
            method,
            resampling,
            groups=groups,
            gatherings=gatherings,
            workers=workers,
        )
        random = found.table(found.random, "selection-*.parquet").column("id").to_pylist()
        seen.append(
            (
                found.balanced.digest,
                found.scaled.digest,
                found.selection.drop_columns(["row"]).combine_chunks(),
                RealiseStats.of(found.realised),
                found.table(found.realised, "entries.parquet"),
                found.shards() | found.shards("validation"),
                SubsampleStats.of(found.cut),
                random,
            )
        )
    assert seen[1] == seen[0] and seen[2] == seen[0]


def test_realised_marginal_is_counted_from_the_selection(tmp_path: Path) -> None:
    method = RakeConfig(target=CappedTarget(t=15), initial="pairs")
    found = run(tmp_path, World(), None, method, ResamplingConfig(), groups=3)
    counts = np.zeros(30)
    for id_, copies in zip(*(found.selection.column(c).to_pylist() for c in ("id", "multiplicity"))):
        counts[LISTS[id_]] += copies
    entries = found.table(found.realised, "entries.parquet")
    np.testing.assert_allclose(entries.column("realised").to_numpy(), counts / counts.sum(), rtol=1e-12)


def test_what_is_gone_is_in_nothing_and_all_is_as_without_it(tmp_path: Path) -> None:
    gone = tuple(int(i) for i in world_ids(World())[[2, 3, 77, 200, 399]])
    for method in METHODS:
        curation = CurateConfig(rows_per_shard=50, validation=0.2)
        chains = [
            run(tmp_path / "gone", World(gone=gone, shards=2), curation, method),
            run(tmp_path / "without", World(without=gone), curation, method),
        ]
        held, rebuilt = chains
        assert not set(gone) & set(held.selection.column("id").to_pylist())
        assert held.selection.drop_columns(["row"]) == rebuilt.selection.drop_columns(["row"])
        assert held.shards() == rebuilt.shards() and held.shards("validation") == rebuilt.shards("validation")
        random = [set(each.table(each.random, "selection-*.parquet").column("id").to_pylist()) for each in chains]
        assert random[0] == random[1] and not set(gone) & random[0]
        assert SubsampleStats.of(held.cut).among == 395


def test_the_random_control_is_the_subset_of_its_effective_size(tmp_path: Path) -> None:
    gone = world_ids(World())[::9]
    found = run(tmp_path, World(gone=tuple(gone.tolist())), groups=3)
    effective = RealiseStats.of(found.realised).effective_sample_size
    stats = SubsampleStats.of(found.cut)
    left = np.setdiff1d(world_ids(World()), gone)
    assert (stats.size, stats.among) == (min(len(left), round(effective)), len(left))
    random = found.table(found.random, "selection-*.parquet")
    assert set(random.column("id").to_pylist()) == set(left[subset(left, stats.size, seed=1)].tolist())
    assert sum(ThinStats.of(each).size for each in found.random) == stats.size
    assert set(random.column("multiplicity").to_pylist()) == {1}
    assert set(random.column("inclusion").to_pylist()) == {stats.size / stats.among}


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_sizes_are_met_and_weights_are_those_of_the_law(tmp_path: Path, method: BalancingConfig, draw: str) -> None:
    matrix = incidence_of(LISTS.values(), 30)
    for size in (None, 90):
        found = run(tmp_path, World(), None, method, ResamplingConfig(method=draw, size=size, seed=4))
        stats = RealiseStats.of(found.realised)
        if size is not None:
            assert stats.expected_size == pytest.approx(90, rel=1e-9)
        spread = 0.0 if draw == "multinomial" else 1.0 if draw == "systematic" else 5 * np.sqrt(stats.expected_size)
        assert abs(stats.size - stats.expected_size) <= spread + 0.5
        weights = found.selection.column("weight").to_numpy()
        assert weights.min() > 0
        by_id = dict(zip(found.selection.column("id").to_pylist(), weights, strict=True))
        places = [place for place, id_ in enumerate(LISTS) if id_ in by_id]
        kept = matrix.take(np.array(places))
        assert (kept.degrees > 0).all() and len(places) == stats.distinct


LARGER = World(rows=3000, shards=4)
SCRIPT = """
import sys
from pathlib import Path
from tests.tasks.resampling.test_task import digests_of
digests_of(Path(sys.argv[1]))
"""


def digests_of(store: Path) -> tuple[str, ...]:
    """Pairs to curated shards; the digests of what was made."""
    found: Chain = run(
        store,
        LARGER,
        CurateConfig(rows_per_shard=100),
        RakeConfig(target=CappedTarget(t=40), steps=20),
        ResamplingConfig(size=2500, seed=5),
        groups=3,
        gatherings=2,
    )
    made = [found.balanced, found.scaled, *found.selected, found.realised, *found.scattered, *found.curated]
    return tuple(manifest.digest for manifest in made)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["balance", "select", "scatter", "gather"])
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
