"""Out of core: the same result as in memory, from shards, with any mapper."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.tables.schemas import MATCHES
from storage.tables.shards import write_table
from tasks.balancing.matrix.incidence import Incidence, read_incidence
from tasks.balancing.raking.census import MatchShards, census
from tasks.balancing.raking.mappers import mapped
from tasks.balancing.raking.rake import rake
from tasks.balancing.raking.rake_shards import rake_shards, shard_weights
from tasks.balancing.raking.row_passes import Shard, _scale
from tests.tasks.balancing.examples import random_matrix


def write_shards(matrix: Incidence, directory: Path, shards: int) -> list[Path]:
    paths = []
    for k, part in enumerate(np.array_split(np.arange(matrix.rows), shards)):
        piece = matrix.take(part)
        lists = [piece.entries_of(i).tolist() for i in range(piece.rows)]
        paths.append(directory / f"matches-{k:05d}.parquet")
        write_table(paths[-1], pa.table({"id": pa.array(piece.ids), "entries": lists}, schema=MATCHES))
    return paths


@pytest.mark.parametrize("initial", ["rows", "pairs"])
@pytest.mark.parametrize("order", [("y",), ("x", "y", "x"), 60])
def test_equals_memory_to_1e12(tmp_path: Path, initial: str, order: object) -> None:
    matrix = random_matrix(3000, 50, 2, empty=True)
    target = np.minimum(matrix.counts, 150).astype(float)
    paths = write_shards(matrix, tmp_path, 7)
    whole = rake(matrix.indptr, matrix.indices, columns=50, column_target=target, steps=order, initial=initial)
    for workers in (1, 3):
        parts = rake_shards(
            MatchShards(paths, 50, mapper=mapped(workers)), column_target=target, steps=order, initial=initial
        )
        np.testing.assert_allclose(parts.weight, whole.weight, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(parts.column_marginal, whole.column_marginal, rtol=1e-12)
        assert parts.residual == pytest.approx(whole.residual, rel=1e-9)
        assert parts.effective_sample_size == pytest.approx(whole.effective_sample_size, rel=1e-12)
        assert (parts.converged, parts.iterations) == (whole.converged, whole.iterations)


def test_weights_are_made_shard_by_shard(tmp_path: Path) -> None:
    matrix = random_matrix(500, 20, 6, empty=True)
    target = np.minimum(matrix.counts, 30).astype(float)
    shards = MatchShards(write_shards(matrix, tmp_path, 4), 20)
    whole = rake_shards(shards, column_target=target, steps=5)
    lean = rake_shards(shards, column_target=target, steps=5, keep_weights=False)
    assert len(lean.weight) == 0
    pieces = list(shard_weights(shards, lean, census(shards)))
    np.testing.assert_allclose(np.concatenate([piece.weight for piece in pieces]), whole.weight[matrix.degrees > 0])
    np.testing.assert_array_equal(np.concatenate([piece.ids for piece in pieces]), matrix.ids[matrix.degrees > 0])


def test_the_mapped_function_is_plain_and_picklable(tmp_path: Path) -> None:
    matrix = random_matrix(50, 8, 1)
    path = write_shards(matrix, tmp_path, 1)[0]
    work = partial(_scale, potential=np.zeros(8), values=np.ones(8))
    there = pickle.loads(pickle.dumps(work))(pickle.loads(pickle.dumps(Shard(path, 8, 1 / 50))))
    np.testing.assert_array_equal(there.scales, work(Shard(path, 8, 1 / 50)).scales)


def test_reading_sorts_by_id_and_leaves_out_what_has_no_mass(tmp_path: Path) -> None:
    matrix = random_matrix(100, 10, 3, empty=True)
    shuffled = matrix.take(np.random.default_rng(0).permutation(100))
    gone = matrix.ids[[5, 17]]
    found, unmatched = read_incidence(write_shards(shuffled, tmp_path, 3), 10, without=gone)
    kept = np.flatnonzero((matrix.degrees > 0) & ~np.isin(matrix.ids, gone))
    np.testing.assert_array_equal(found.ids, matrix.ids[kept])
    np.testing.assert_array_equal(found.indices, matrix.take(kept).indices)
    assert unmatched == 100 - len(gone) - len(kept)


@pytest.mark.slow
def test_passes_run_on_a_ray_cluster(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    from tasks.balancing.raking.mappers import ray_mapped

    matrix = random_matrix(400, 20, 2)
    target = np.minimum(matrix.counts, 30).astype(float)
    paths = write_shards(matrix, tmp_path, 3)
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        far = rake_shards(MatchShards(paths, 20, mapper=ray_mapped()), column_target=target, steps=4)
    finally:
        ray.shutdown()
    near = rake_shards(MatchShards(paths, 20), column_target=target, steps=4)
    np.testing.assert_array_equal(far.weight, near.weight)
