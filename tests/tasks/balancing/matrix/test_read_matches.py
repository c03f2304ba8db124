"""Matches from disk: sorted by id, whatever the shards, without what has no mass, and malformed tables refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.schemas import MATCHES
from storage.tables.shards import write_table
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.read_matches import read_incidence
from tests.tasks.balancing.examples import random_matrix, write_shards


def write(path: Path, ids: list[int], entries: list[list[int] | None]) -> Path:
    write_table(path, pa.table({"id": pa.array(ids, pa.uint64()), "entries": entries}, schema=MATCHES))
    return path


def test_reading_sorts_by_id_and_leaves_out_what_has_no_mass(tmp_path: Path) -> None:
    matrix = random_matrix(100, 10, 3, empty=True)
    order = np.random.default_rng(0).permutation(100)
    gone = [int(np.flatnonzero(order == row)[0]) for row in (5, 17)]
    found, unmatched = read_incidence(write_shards(matrix.take(order), tmp_path, 3, gone), 10)
    kept = np.setdiff1d(np.flatnonzero(matrix.degrees > 0), [5, 17])
    np.testing.assert_array_equal(found.ids, matrix.ids[kept])
    np.testing.assert_array_equal(found.indices, matrix.take(kept).indices)
    assert unmatched == 98 - len(kept)


def test_row_groups_join_without_a_seam(tmp_path: Path) -> None:
    matrix = random_matrix(20_000, 30, 7)  # three row groups
    found, _ = read_incidence(write_shards(matrix, tmp_path, 1), 30)
    for name in ("ids", "indptr", "indices"):
        np.testing.assert_array_equal(getattr(found, name), getattr(matrix, name))


def test_a_malformed_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names keyword 5"):
        read_incidence([write(tmp_path / "large.parquet", [1], [[5]])], 5)
    twice = [write(tmp_path / f"{k}.parquet", [7, k], [[0], [0]]) for k in range(2)]
    with pytest.raises(InputError, match="id 7 occurs more than once"):
        read_incidence(twice, 1)


def test_no_shards_are_an_empty_matrix() -> None:
    found, unmatched = read_incidence([], 4)
    assert isinstance(found, Incidence) and (found.rows, found.columns, unmatched) == (0, 4, 0)
