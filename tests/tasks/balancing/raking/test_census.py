"""What one pass over the shards counts, beside the matrix in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import Census, census
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
    np.testing.assert_array_equal(found.lengths, np.bincount(matrix.degrees, minlength=1))
    assert found.unit_mass("rows") == 1 / found.matched and found.unit_mass("pairs") == 1 / found.matches


@pytest.mark.parametrize("shards", [1, 6])
@pytest.mark.parametrize("workers", [1, 3])
def test_counts_are_those_of_the_matrix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shards: int, workers: int
) -> None:
    matrix = random_matrix(400, 15, 2, empty=True)
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 90)
    found = census(MatchStream(write_shards(matrix, tmp_path / "all", shards), 15, mapper=mapped(workers)))
    check(found, matrix)
    assert found.gone == 0
    gone = range(0, 400, 7)
    left = census(MatchStream(write_shards(matrix, tmp_path / "left", shards, gone), 15, mapper=mapped(workers)))
    check(left, matrix.take(np.setdiff1d(np.arange(400), gone)))
    assert left.gone == len(gone)
    np.testing.assert_array_equal(left.measure("pairs"), left.counts)
    np.testing.assert_array_equal(left.measure("rows"), left.base)


def test_where_nothing_matches_there_is_nothing_to_balance(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of the 0 captions matches any of the 3 keywords"):
        census(MatchStream([], 3))
    bare = write_shards(incidence_of([[], [0]], 3), tmp_path, 1, gone=[1])
    with pytest.raises(InputError, match="none of the 1 captions"):
        census(MatchStream(bare, 3))
