"""From a configuration to weights: each method as its function gives it, and all of them on real titles."""

from __future__ import annotations

import collections
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.ids import row_ids
from storage.tables.shards import write_table
from tasks.balancing.calibration.to_size import calibrate_to_size
from tasks.balancing.config import (
    CalibrateConfig,
    CappedTarget,
    FileTarget,
    MixtureTarget,
    RakeConfig,
    TemperedTarget,
    ThresholdConfig,
    UniformTarget,
)
from tasks.balancing.diagnostics import normalised, total_variation
from tasks.balancing.feasibility.components import components
from tasks.balancing.feasibility.obstacles import obstacles
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.solve import solve, target_masses, unit_of
from tasks.balancing.targets import base_measure, capped, tempered, uniform
from tasks.balancing.threshold_rule import threshold, threshold_for_tail_share
from tasks.resampling.sampling.draw import draw
from tests.tasks.balancing.examples import random_matrix

BASE = np.array([100.0, 10.0, 0.0, 1.0])
WORDS = list("abcdefgh")


def test_configured_mixture() -> None:
    config = MixtureTarget.model_validate(
        {
            "parts": [
                {"target": {"kind": "uniform"}, "share": 1},
                {"target": {"kind": "tempered", "alpha": 1}, "share": 1},
            ]
        }
    )
    found = target_masses(config, BASE, ["a", "b", "c", "d"])
    np.testing.assert_allclose(found, 0.5 * uniform(BASE) / 3 + 0.5 * BASE / 111)


def test_each_target_is_its_function(tmp_path: Path) -> None:
    path = tmp_path / "target.parquet"
    write_table(path, pa.table({"text": ["b", "d"], "target": [2.0, 1.0]}))
    for config, wanted in (
        (UniformTarget(), uniform(BASE)),
        (CappedTarget(t=5), capped(BASE, 5)),
        (TemperedTarget(alpha=0.3), tempered(BASE, 0.3)),
        (FileTarget(path=path), [0, 2, 0, 1]),
    ):
        np.testing.assert_array_equal(target_masses(config, BASE, WORDS[:4]), wanted)
    with pytest.raises(InputError, match="no mass to any keyword"):
        target_masses(UniformTarget(), np.zeros(4), WORDS[:4])


def test_units_follow_the_start_of_raking() -> None:
    assert unit_of(RakeConfig()) == "rows" and unit_of(RakeConfig(initial="pairs")) == "pairs"
    assert unit_of(ThresholdConfig(t=1)) == unit_of(CalibrateConfig()) == "pairs"


def test_each_method_is_its_function() -> None:
    matrix = random_matrix(80, 8, 5)
    shape = {"indptr": matrix.indptr, "indices": matrix.indices, "columns": 8}
    found, goal = solve(RakeConfig(target=CappedTarget(t=9), steps=4), matrix, WORDS, workers=2)
    np.testing.assert_array_equal(goal, normalised(capped(base_measure(matrix, "rows"), 9)))
    np.testing.assert_array_equal(found.weight, rake(**shape, column_target=goal, steps=4).weight)
    found, goal = solve(ThresholdConfig(t=6), matrix, WORDS)
    np.testing.assert_array_equal(found.inclusion, threshold(**shape, t=6).inclusion)
    np.testing.assert_array_equal(goal, normalised(capped(matrix.counts, 6)))
    by_share, _ = solve(ThresholdConfig(tail_share=0.3), matrix, WORDS)
    assert by_share.threshold == threshold_for_tail_share(matrix.counts, 0.3)
    by_size, _ = solve(ThresholdConfig(size=30), matrix, WORDS)
    assert by_size.inclusion.sum() == pytest.approx(30) and by_size.converged
    sized, goal = solve(CalibrateConfig(target=UniformTarget(), size=20, cap=4.0), matrix, WORDS)
    assert sized.inclusion.sum() == pytest.approx(20, rel=0.02) and sized.inclusion.max() <= 4 + 1e-9
    np.testing.assert_array_equal(goal, normalised(uniform(matrix.counts)))
    counts, _ = solve(CalibrateConfig(target=CappedTarget(t=5), slack=0.2), matrix, WORDS)
    realised = np.bincount(matrix.indices, np.repeat(counts.inclusion, matrix.degrees), minlength=8)
    assert total_variation(realised, capped(matrix.counts, 5)) < 0.25


@pytest.fixture
def titles(shared_data: Path) -> Incidence:
    """Titles that hold a class name or a word of at least three titles, by a plain loop over single words."""
    folder = shared_data / "imagenet_captions"
    lines = (folder / "imagenet_captions_val_c250.csv").read_text(encoding="utf-8").split("\n")[1:]
    words = [sorted(set(re.findall(r"[^\W\d_]+", line.split("\t")[0]))) for line in lines if "\t" in line]
    counts = collections.Counter(word for row in words for word in row)
    kept = {word: j for j, word in enumerate(sorted(word for word, count in counts.items() if count >= 3))}
    matrix = incidence_of([[kept[word] for word in row if word in kept] for row in words], len(kept))
    ids = row_ids("titles", [str(i) for i in range(len(words))])
    whole = Incidence(ids, matrix.indptr, matrix.indices, len(kept))
    return whole.take(np.flatnonzero(whole.degrees > 0))


def counts_of(matrix: Incidence, weights: np.ndarray) -> np.ndarray:
    return np.bincount(matrix.indices, weights=np.repeat(weights, matrix.degrees), minlength=matrix.columns)


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


def test_two_margins_are_infeasible_and_said_to_be(titles: Incidence) -> None:
    goal = capped(base_measure(titles, "rows"), 10.0)
    goal /= goal.sum()
    found = rake(
        titles.indptr, titles.indices, columns=titles.columns, column_target=goal, steps=20_000, tolerance=1e-6
    )
    assert not found.converged and found.iterations < 20_000
    assert np.isfinite(found.weight).all() and found.residual > 0.01
    kinds = {obstacle.kind for obstacle in found.infeasible}
    assert "forced" in kinds
    assert found.infeasible == obstacles(
        titles.indptr, titles.indices, row_target=np.array([1 / titles.rows]), column_target=goal
    )
    assert components(titles.indptr, titles.indices, titles.columns).rows[0] > 0.8 * titles.rows
