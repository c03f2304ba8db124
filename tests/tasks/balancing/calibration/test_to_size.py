"""Calibration to a size and an effective size, side by side with the other methods, on random and on real titles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.record.keys import canonical
from tasks.balancing.calibration.to_size import calibrate_to_size
from tasks.balancing.config import CalibrateConfig, CappedTarget
from tasks.balancing.diagnostics import total_variation
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.rake import rake
from tasks.balancing.solve import solve
from tasks.balancing.targets import base_measure, capped
from tasks.balancing.threshold_rule import threshold
from tasks.resampling.sampling.draw import draw
from tests.tasks.balancing.examples import dense, random_matrix, write_shards


def expected_counts(matrix: Incidence, weights: np.ndarray) -> np.ndarray:
    return dense(matrix).T @ weights


def counts_of(matrix: Incidence, weights: np.ndarray) -> np.ndarray:
    return np.bincount(matrix.indices, weights=np.repeat(weights, matrix.degrees), minlength=matrix.columns)


@pytest.mark.parametrize("size", [60.0, 150.0, 350.0])
def test_size_is_met(size: float) -> None:
    matrix = random_matrix(300, 25, 3)
    goal = np.minimum(matrix.counts, 10).astype(float)
    found = calibrate_to_size(matrix.indptr, matrix.indices, columns=25, target=goal, size=size, cap=2.0)
    assert found.inclusion.sum() == pytest.approx(size, rel=2e-3)
    assert found.inclusion.max() <= 2.0 + 1e-12


def test_effective_size_is_traded_for_distance() -> None:
    matrix = random_matrix(500, 40, 3)
    goal = np.minimum(matrix.counts, 8).astype(float)
    distances, sizes = [], []
    for wanted in (None, 300, 400, 450):
        found = calibrate_to_size(
            matrix.indptr, matrix.indices, columns=40, target=goal, size=250, cap=4.0, effective_size=wanted
        )
        distances.append(total_variation(expected_counts(matrix, found.inclusion), goal))
        sizes.append(found.effective_sample_size)
        if wanted is not None:
            assert found.effective_sample_size >= wanted * 0.998
    assert distances == sorted(distances) and sizes == sorted(sizes)


def test_calibration_beats_threshold_and_half_step_at_equal_size() -> None:
    matrix = random_matrix(2000, 200, 11)
    goal = np.minimum(matrix.counts, 15).astype(float)
    cut = threshold(matrix.indptr, matrix.indices, columns=200, t=15.0)
    half = rake(matrix.indptr, matrix.indices, columns=200, column_target=goal, steps=("y",))
    found = calibrate_to_size(
        matrix.indptr, matrix.indices, columns=200, target=goal, size=cut.inclusion.sum(), cap=3.0
    )
    others = min(total_variation(expected_counts(matrix, w), goal) for w in (cut.inclusion, half.weight))
    assert total_variation(expected_counts(matrix, found.inclusion), goal) <= 0.6 * others


def test_size_beyond_reach_is_refused() -> None:
    matrix = incidence_of([[0], [1]], 2)
    with pytest.raises(InputError, match="at most 2"):
        calibrate_to_size(matrix.indptr, matrix.indices, columns=2, target=np.ones(2), size=5)


@pytest.mark.parametrize("t", [5.0, 10.0, 20.0, 50.0])
def test_calibration_is_nearest_at_equal_size(titles: Incidence, t: float) -> None:
    shape = {"indptr": titles.indptr, "indices": titles.indices, "columns": titles.columns}
    goal = capped(base_measure(titles, "pairs"), t)
    cut = threshold(**shape, t=t).inclusion
    size = cut.sum()
    half = rake(**shape, column_target=capped(base_measure(titles, "rows"), t), steps=("y",)).weight
    half = half * (size / half.sum())
    found = calibrate_to_size(**shape, target=goal, size=size, cap=2.0)
    assert found.inclusion.sum() == pytest.approx(size, rel=2e-3) and found.inclusion.max() <= 2.0 + 1e-9
    expected = [total_variation(counts_of(titles, w), goal) for w in (cut, half, found.inclusion)]
    assert expected[2] <= 0.6 * min(expected[:2])
    realised = []
    for w in (cut, half, found.inclusion):
        chosen = draw(titles.ids, w, method="residual", size=None, seed=0, inclusion=w).multiplicity
        realised.append(total_variation(counts_of(titles, chosen.astype(float)), goal))
    assert realised[2] <= 0.6 * min(realised[:2])


def test_whole_numbers_do() -> None:
    matrix = random_matrix(300, 25, 3)
    goal = np.minimum(matrix.counts, 10)
    exact, whole = (
        calibrate_to_size(
            matrix.indptr, matrix.indices, columns=25, target=target, size=size, cap=cap, slack=0, effective_size=200
        )
        for target, size, cap in ((goal.astype(float), 150.0, 2.0), (goal.tolist(), np.int64(150), 2))
    )
    np.testing.assert_array_equal(exact.inclusion, whole.inclusion)


def test_a_configuration_says_null_for_any_number_of_copies(tmp_path: Path) -> None:
    matrix = incidence_of([[0], [0], [0], [1]], 2)
    config = CalibrateConfig(target=CappedTarget(t=3), size=12, cap=None, slack=0.01)
    assert canonical(config, "balance") is not None
    found = solve(config, MatchStream(write_shards(matrix, tmp_path, 1), 2), ["the", "axolotl"])
    copies = found.law.mass(matrix.indptr, matrix.indices)
    assert copies.sum() == pytest.approx(12, rel=2e-3) and copies.max() > 1.0
    with pytest.raises(ValueError, match="finite"):
        CalibrateConfig(cap=float("inf"))


def test_what_is_not_reached_is_said() -> None:
    # Keyword 1 is to have nothing, so its two captions cannot fill a size of 2.9 of 3.
    matrix = incidence_of([[0], [1], [1]], 2)
    found = calibrate_to_size(matrix.indptr, matrix.indices, columns=2, target=[1, 0], size=2.9)
    assert not found.converged and "instead of 2.9" in found.reason


@pytest.mark.parametrize("change", [{"target": [0, 0]}, {"target": [1]}, {"slack": -1}, {"effective_size": 5}])
def test_what_cannot_be_is_refused(change: dict) -> None:
    matrix = incidence_of([[0], [1]], 2)
    with pytest.raises(InputError):
        calibrate_to_size(matrix.indptr, matrix.indices, **{"columns": 2, "target": [1, 1], "size": 1, **change})
