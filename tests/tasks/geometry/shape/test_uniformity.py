"""Uniformity of T-REGS, in closed form."""

import numpy as np
import pytest

from tasks.geometry.shape.uniformity import treg_uniformity
from tasks.geometry.tree.mst import minimum_spanning_tree


def test_the_regular_simplex_is_uniform() -> None:
    d = 7
    simplex = np.eye(d + 1) - 1 / (d + 1)
    simplex /= np.linalg.norm(simplex, axis=1, keepdims=True)
    length = minimum_spanning_tree(simplex.astype(np.float32)).length
    assert length == pytest.approx(d * np.sqrt(2 * (d + 1) / d), rel=1e-6)
    assert treg_uniformity(length, d) == pytest.approx(d, rel=1e-6)


def test_repeating_every_point_leaves_it_unchanged() -> None:
    points = np.random.default_rng(0).standard_normal((40, 5))
    once, twice = minimum_spanning_tree(points), minimum_spanning_tree(np.concatenate([points, points]))
    assert treg_uniformity(twice.length, 5) == pytest.approx(treg_uniformity(once.length, 5), rel=1e-12)


def test_collapsed_points_have_none_and_numpy_numbers_will_do() -> None:
    assert treg_uniformity(0, 3) == 0 == treg_uniformity(0.0, 3)
    plain = treg_uniformity(2.0, 3)
    assert plain == pytest.approx(2 / np.sqrt(8 / 3)) == treg_uniformity(np.float32(2), np.int64(3))
    assert type(treg_uniformity(np.float64(2), 3)) is float
    with pytest.raises(ValueError, match="dimension of at least 1"):
        treg_uniformity(1.0, 0)
