"""What one pass over the shards counts, beside the matrix in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.raking.census import Census, MatchShards, census
from tasks.balancing.targets import base_measure
from tests.tasks.balancing.examples import random_matrix, write_shards


def check(found: Census, matrix: Incidence) -> None:
    assert (found.rows, found.matched, found.matches) == (
        matrix.rows,
        int((matrix.degrees > 0).sum()),
        len(matrix.indices),
    )
    np.testing.assert_array_equal(found.counts, matrix.counts)
    np.testing.assert_allclose(found.base, base_measure(matrix, "rows"), rtol=1e-12)
    single = matrix.indices[matrix.indptr[:-1][matrix.degrees == 1]]
    np.testing.assert_array_equal(found.alone, np.bincount(single, minlength=matrix.columns))
    assert found.unit_mass("rows") == 1 / found.matched and found.unit_mass("pairs") == 1 / found.matches


@pytest.mark.parametrize("shards", [1, 6])
@pytest.mark.parametrize("workers", [1, 3])
def test_counts_are_those_of_the_matrix(tmp_path: Path, shards: int, workers: int) -> None:
    matrix = random_matrix(400, 15, 2, empty=True)
    paths = write_shards(matrix, tmp_path, shards)
    check(census(MatchShards(paths, 15, mapper=mapped(workers))), matrix)
    gone = matrix.ids[::7]
    check(census(MatchShards(paths, 15, gone)), matrix.take(np.flatnonzero(~np.isin(matrix.ids, gone))))


def test_no_shards_count_nothing() -> None:
    found = census(MatchShards([], 3))
    assert (found.rows, found.matched, found.matches) == (0, 0, 0) and found.counts.tolist() == [0, 0, 0]
