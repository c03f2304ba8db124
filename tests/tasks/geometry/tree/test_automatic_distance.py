"""The distance below which chance does not explain a neighbour."""

import numpy as np
import pytest

from tasks.geometry.tree.automatic_distance import CHANCE, unlikely_distance


def test_the_default_distance_is_bounded() -> None:
    assert unlikely_distance(np.zeros(5), 3.0) == 0 and unlikely_distance(np.array([]), None) == 0
    lengths = np.array([0.0, 0.2, 0.2, 0.2])
    assert unlikely_distance(lengths, None) == pytest.approx(0.05) == unlikely_distance(lengths, 50.0)
    assert unlikely_distance(lengths, 1.0) == pytest.approx(0.2 * 1e-3 / np.log(4))
    assert unlikely_distance(lengths * 10, None) == 0.1


def test_whole_numbers_and_lists_are_lengths_too() -> None:
    expected = unlikely_distance(np.array([0.0, 1.0, 2.0]), 1.0)
    assert unlikely_distance([0, 1, 2], 1) == unlikely_distance(np.array([0, 1, 2]), np.int64(1)) == expected > 0


@pytest.mark.parametrize("d", [1, 2, 3])
def test_few_evenly_spread_points_have_a_neighbour_within_it(d: int) -> None:
    """The share is CHANCE by construction, of points on a torus, where nothing has a border."""
    from scipy.spatial import cKDTree

    shares = []
    for seed in range(8):
        points = np.random.default_rng(100 + seed).random((60_000, d)) * 0.2
        nearest = cKDTree(points, boxsize=0.2).query(points, k=2)[0][:, 1]
        shares.append((nearest <= unlikely_distance(nearest, d)).mean())
    assert np.mean(shares) == pytest.approx(CHANCE, rel=0.2)
