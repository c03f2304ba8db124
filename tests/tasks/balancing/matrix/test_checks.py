"""Malformed matrices, targets and bands are refused in one sentence, the same at every solver's door."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.schemas import MATCHES
from storage.tables.shards import write_table
from tasks.balancing.calibration.calibrate import calibrate
from tasks.balancing.calibration.to_size import calibrate_to_size
from tasks.balancing.matrix.checks import checked_bands, checked_matrix, checked_target, half_steps
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import census
from tasks.balancing.raking.rake import rake
from tasks.balancing.threshold_rule import threshold

Solver = Callable[[np.ndarray, np.ndarray], object]
SOLVERS: dict[str, Solver] = {
    "rake": lambda p, i: rake(p, i, columns=3, column_target=np.ones(3), steps=("y",)),
    "threshold": lambda p, i: threshold(p, i, columns=3, t=2),
    "calibrate": lambda p, i: calibrate(p, i, columns=3, lower=np.ones(3), upper=np.ones(3)),
    "to_size": lambda p, i: calibrate_to_size(p, i, columns=3, target=np.ones(3), size=1),
}


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize(
    ("indptr", "indices", "words"),
    [
        ([0, 1, 3], [0, 2, 2], "caption 1 .*keyword 2 twice"),
        ([0, 1, 4], [0, 2, 1, 2], "caption 1 .*keyword 2 twice"),
        ([0, 3, 3], [1, 0, 1], "caption 0 .*keyword 1 twice"),
        ([0, 1, 2], [0, 3], "names keyword 3, but there are only 3"),
        ([0, 1, 2], [0, -1], "names keyword -1"),
        ([0, 2, 1], [0, 1], "indptr must rise"),
        ([1, 2], [0, 1], "indptr must rise"),
        ([0, 1, 2], [0.0, 1.0], "whole numbers"),
    ],
)
def test_every_solver_refuses_what_is_no_matrix(solver: Solver, indptr: list, indices: list, words: str) -> None:
    with pytest.raises(InputError, match=words):
        solver(np.array(indptr), np.array(indices))


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_every_solver_takes_lists_of_any_whole_numbers_in_any_order(solver: Solver) -> None:
    solver([0, 2, 3, 5], [1, 0, 2, 2, 1])  # type: ignore[arg-type]
    solver(np.array([0, 2, 3, 5], dtype=np.int32), np.array([1, 0, 2, 2, 1], dtype=np.uint8))


def test_a_census_of_shards_names_the_id_of_a_repetition(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array([8, 77, 5], pa.uint64()), "entries": [None, [0, 1], [2, 2]]}).cast(MATCHES)
    write_table(tmp_path / "matches-00000.parquet", table)
    with pytest.raises(InputError, match="caption 5 names keyword 2 twice"):
        census(MatchStream([tmp_path / "matches-00000.parquet"], 3))


@pytest.mark.parametrize("ordered", [True, False])
def test_the_pass_over_a_large_matrix_is_cheap_and_finds_the_last_row(ordered: bool) -> None:
    rows = np.tile(np.arange(8, dtype=np.uint32), 250_000)
    if not ordered:
        rows[:2] = rows[1::-1]
    indptr = np.arange(0, len(rows) + 1, 8)
    checked_matrix(indptr[:3], rows[:16], 8)
    start = time.perf_counter()
    checked_matrix(indptr, rows, 8)
    assert time.perf_counter() - start < 0.5
    rows[-1] = rows[-2]
    with pytest.raises(InputError, match=r"caption 249999 .*keyword 6 twice"):
        checked_matrix(indptr, rows, 8)


def test_targets_and_bands_take_any_numbers() -> None:
    np.testing.assert_array_equal(checked_target([1, 2], 2, "t"), [1.0, 2.0])  # type: ignore[arg-type]
    low, high = checked_bands([0, 1], np.array([1, 2], dtype=np.int8), 2)  # type: ignore[arg-type]
    assert low.dtype == high.dtype == np.float64


@pytest.mark.parametrize(
    ("target", "words"), [([1, -1], "negative"), ([0, 0], "sums to"), ([1], "shape"), ([1, np.nan], "finite")]
)
def test_a_target_that_is_none_is_refused(target: list, words: str) -> None:
    with pytest.raises(InputError, match=words):
        checked_target(np.array(target), 2, "column_target")


def test_half_steps_are_an_order() -> None:
    assert half_steps(3) == ("x", "y", "x") and half_steps(np.int64(2)) == ("x", "y")  # type: ignore[arg-type]
    assert half_steps(("y",)) == half_steps(np.array(["y"])) == ("y",)  # type: ignore[arg-type]
    assert half_steps(np.array(2)) == ("x", "y")  # type: ignore[arg-type]
    for wrong in (-1, ("z",)):
        with pytest.raises(InputError):
            half_steps(wrong)  # type: ignore[arg-type]
