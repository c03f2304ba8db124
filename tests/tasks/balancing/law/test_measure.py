"""Sums of a law over the rows, beside numpy on the whole matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.config import CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.law.measure import Measured, measure_law
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.solve import solve
from tests.tasks.balancing.examples import dense, random_matrix, write_shards

CONFIGS = [RakeConfig(target=CappedTarget(t=9)), RakeConfig(initial="pairs"), ThresholdConfig(size=90)]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.method)
def test_sums_are_those_of_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: object) -> None:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 110)
    matrix, gone = random_matrix(500, 12, 5, empty=True), [3, 4, 222]
    paths = write_shards(matrix, tmp_path, 3, gone)
    stream = MatchStream(paths, 12)
    law = solve(config, stream, [f"word{j}" for j in range(12)]).law
    left = matrix.take(np.setdiff1d(np.arange(500), gone))
    mass = law.mass(left.indptr, left.indices)
    share = mass / np.maximum(left.degrees, 1) if law.unit == "rows" else mass
    found = measure_law(law, stream)
    assert found.total == pytest.approx(mass.sum(), rel=1e-13)
    assert found.squares == pytest.approx((mass**2).sum(), rel=1e-13) and found.largest == mass.max()
    assert found.effective_sample_size == pytest.approx(mass.sum() ** 2 / (mass**2).sum())
    np.testing.assert_allclose(found.columns, dense(left).T @ share, rtol=1e-12)
    wide = measure_law(law, MatchStream(paths, 12, mapper=mapped(3), held=0))
    assert (wide.total, wide.squares) == (found.total, found.squares)
    np.testing.assert_array_equal(wide.columns, found.columns)


def test_without_mass_there_is_no_effective_size() -> None:
    assert Measured(0.0, 0.0, 0.0, np.zeros(2)).effective_sample_size == 0.0
