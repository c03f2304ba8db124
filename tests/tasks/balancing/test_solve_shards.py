"""Solving out of core gives the weights and marginals of solving in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from tasks.balancing.config import CappedTarget, RakeConfig
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.matrix.read_matches import read_incidence
from tasks.balancing.solve import solve
from tasks.balancing.solve_shards import solve_shards
from tasks.balancing.tables import marginals
from tests.tasks.balancing.examples import random_matrix, write_shards

WORDS = [f"word{j}" for j in range(15)]


@pytest.mark.parametrize("initial", ["rows", "pairs"])
@pytest.mark.parametrize("workers", [1, 3])
def test_shards_are_solved_as_the_whole(tmp_path: Path, initial: str, workers: int) -> None:
    paths = write_shards(random_matrix(300, 15, 6, empty=True), tmp_path, 4)
    gone = np.array([3, 200], dtype=np.uint64)
    config = RakeConfig(target=CappedTarget(t=20), steps=6, initial=initial, out_of_core=True)
    matrix, left = read_incidence(paths, 15, without=gone)
    whole, goal = solve(config, matrix, WORDS)
    wanted = marginals(matrix, whole, goal)
    written: dict[int, float] = {}

    def write(ids: np.ndarray, weights: np.ndarray) -> None:
        written.update(zip(ids.tolist(), weights.tolist(), strict=True))

    found, margins, unmatched = solve_shards(config, paths, WORDS, without=gone, write=write, workers=workers)
    assert unmatched == left and sorted(written) == matrix.ids.tolist() and len(found.weight) == 0
    np.testing.assert_allclose([written[int(i)] for i in matrix.ids], whole.weight, rtol=1e-11)
    for name in ("counts", "observed", "target", "expected", "matched", "largest_weight"):
        np.testing.assert_allclose(getattr(margins, name), getattr(wanted, name), rtol=1e-11)


def test_without_a_match_there_is_nothing_to_solve(tmp_path: Path) -> None:
    paths = write_shards(incidence_of([[], []], 2), tmp_path, 1)
    with pytest.raises(InputError, match="no caption matches any keyword"):
        solve_shards(RakeConfig(), paths, WORDS[:2], without=np.zeros(0, np.uint64), write=lambda *_: None)
