"""Takedown: counts repaired by subtraction, and the result of a collection that never held the ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.tables.shards import read_table
from tasks.balancing.config import CalibrateConfig, CappedTarget, ThresholdConfig
from tasks.resampling.config import CurateConfig
from tasks.resampling.takedown import repair_counts, without
from tests.tasks.balancing.builders import World, build, keyword_lists, world_ids
from tests.tasks.resampling.chains import RAKE, files, run


@pytest.mark.parametrize(
    "method", [RAKE, ThresholdConfig(t=4.0), CalibrateConfig(target=CappedTarget(t=8), cap=2.0)], ids=lambda m: m.method
)
def test_takedown_equals_a_rebuild_without_the_ids(tmp_path: Path, method: object) -> None:
    gone = tuple(int(i) for i in world_ids(World())[[3, 50, 51, 200, 399]])
    digests = []
    for name, world, tombstones in (("list", World(), gone), ("rebuilt", World(without=gone), ())):
        store = tmp_path / name
        config = method.model_copy(update={"takedown": tombstones})
        found = run(store, world, CurateConfig(), config, size=200)
        weights = read_table(files(store, found["balance"], "weights-*.parquet"))
        digests.append((weights.column("weight").to_pylist(), found["select"].digest, found["curate"].digest))
        assert not set(gone) & set(weights.column("id").to_pylist())
    assert digests[0] == digests[1]


def test_counts_are_repaired_by_subtraction(tmp_path: Path) -> None:
    _, matches, _ = build(World(shards=3), tmp_path)
    shards = files(tmp_path, matches, "matches-*.parquet")
    counts = np.bincount([j for row in keyword_lists(World()) for j in row], minlength=30)
    ids = world_ids(World())
    gone = np.append(ids[[0, 7, 311]], np.uint64(12345))
    found = repair_counts(counts, shards, gone)
    rebuilt = [row for i, row in enumerate(keyword_lists(World())) if i not in (0, 7, 311)]
    np.testing.assert_array_equal(found.counts, np.bincount([j for row in rebuilt for j in row], minlength=30))
    assert found.unknown.tolist() == [12345] and len(found.removed) == 3
    left = sum(batch.num_rows for batch in without(shards, gone))
    assert left == 397
    with pytest.raises(InputError, match="count of -1"):
        repair_counts(np.where(counts > 0, 0, 0), shards, ids[:1] if keyword_lists(World())[0] else ids[:50])


def test_lists_and_signed_ids_are_the_same_tombstones(tmp_path: Path) -> None:
    _, matches, _ = build(World(), tmp_path)
    shards = files(tmp_path, matches, "matches-*.parquet")
    counts = np.bincount([j for row in keyword_lists(World()) for j in row], minlength=30)
    gone = np.sort(world_ids(World()))[:3]  # below 2^63, so that they fit signed numbers too
    assert int(gone.max()) < 2**63
    wanted = repair_counts(counts, shards, gone)
    for ids in (gone.tolist(), gone.astype(np.int64)):
        found = repair_counts(counts.tolist(), shards, ids)
        np.testing.assert_array_equal(found.counts, wanted.counts)
        np.testing.assert_array_equal(found.removed, gone)
        assert sum(batch.num_rows for batch in without(shards, ids)) == 397
    nothing = repair_counts(counts, shards, [])
    np.testing.assert_array_equal(nothing.counts, counts)
    assert len(nothing.removed) == len(nothing.unknown) == 0
