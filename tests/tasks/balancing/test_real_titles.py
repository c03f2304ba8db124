"""Threshold, the paper's half step and calibration side by side on real titles (skipped where they are absent)."""

from __future__ import annotations

import collections
import re
from pathlib import Path

import numpy as np
import pytest

from storage.tables.ids import row_ids
from tasks.balancing.calibration.to_size import calibrate_to_size
from tasks.balancing.diagnostics import total_variation
from tasks.balancing.feasibility.components import components
from tasks.balancing.feasibility.obstacles import obstacles
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.targets import base_measure, capped
from tasks.balancing.threshold_rule import threshold
from tasks.resampling.sampling.draw import draw


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
