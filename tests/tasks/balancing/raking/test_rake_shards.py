"""Out of core: the same result as in memory, from shards, with any mapper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.raking.census import MatchShards, census
from tasks.balancing.raking.rake import rake
from tasks.balancing.raking.rake_shards import rake_shards, shard_weights
from tests.tasks.balancing.examples import random_matrix, write_shards


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
    np.testing.assert_array_equal(
        np.concatenate([piece.matrix.ids for piece in pieces]), matrix.ids[matrix.degrees > 0]
    )
