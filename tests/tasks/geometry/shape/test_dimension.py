"""Dimension and entropy of sets where both are known."""

from collections.abc import Callable

import numpy as np
import pytest

from storage.errors import InputError
from tasks.geometry.shape.dimension import intrinsic_dimension
from tasks.geometry.shape.entropy import renyi_entropy
from tasks.geometry.shape.growth_constants import log_ball_volume, points_within_mean_edge, sphere_mean_edge
from tasks.geometry.tree.mst import minimum_spanning_tree
from tests.tasks.geometry.conftest import gaussian

Cloud = Callable[[int, int, np.random.Generator], np.ndarray]


def sphere(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    points = rng.standard_normal((n, d + 1))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def half_torus(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """A product of half circles: a curved manifold of dimension d in `R^{2d}`."""
    angle = rng.random((n, d)) * np.pi
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1) * np.linspace(0.5, 1.5, 2 * d)


def folded_sheet(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """The Swiss roll with further flat directions."""
    turn = 1.5 * np.pi * (1 + 2 * rng.random(n))
    rest = [20 * rng.random(n) for _ in range(d - 1)]
    return np.stack([turn * np.cos(turn), turn * np.sin(turn), *rest], axis=1)


CLOUDS: dict[str, Cloud] = {
    "sphere": sphere,
    "gaussian": lambda n, d, rng: rng.standard_normal((n, d)),
    "cube": lambda n, d, rng: rng.random((n, d)),
    "half torus": half_torus,
    "swiss roll": folded_sheet,
}


def embedded(points: np.ndarray, rng: np.random.Generator, width: int = 40) -> np.ndarray:
    """Turned into a space of more dimensions: nothing that a dimension may depend on."""
    turn = np.linalg.qr(rng.standard_normal((width, width)))[0]
    return (points @ turn[: points.shape[1]]).astype(np.float32)


@pytest.mark.parametrize(("cloud", "d"), [("sphere", 2), ("gaussian", 4), ("half torus", 3), ("swiss roll", 2)])
def test_known_dimensions(cloud: str, d: int) -> None:
    rng = np.random.default_rng(3)
    found = intrinsic_dimension(embedded(CLOUDS[cloud](3_000, d, rng), rng))
    assert found.dimension == pytest.approx(d, rel=0.15)
    assert found.low < found.dimension < found.high and found.points == 3_000


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 10, 12])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_within_15_per_cent_from_10000_points(cloud: str, d: int) -> None:
    if cloud == "swiss roll" and d == 1:
        d = 2
    rng = np.random.default_rng(d)
    found = intrinsic_dimension(CLOUDS[cloud](10_000, d, rng).astype(np.float32))
    assert found.dimension == pytest.approx(d, rel=0.15)


@pytest.mark.slow
def test_the_interval_covers_spheres() -> None:
    covered = 0
    for seed in range(20):
        found = intrinsic_dimension(sphere(2_000, 5, np.random.default_rng(seed)).astype(np.float32))
        covered += found.low <= 5 <= found.high
    assert covered >= 16


def test_dimension_does_not_see_scale_repetitions_or_order() -> None:
    points = gaussian(600, 3)
    found = intrinsic_dimension(points)
    assert intrinsic_dimension(points * 1e6).dimension == pytest.approx(found.dimension, rel=1e-4)
    assert intrinsic_dimension(np.vstack([points, points])) == found
    with pytest.raises(InputError, match="128 or more distinct"):
        intrinsic_dimension(np.vstack([points[:100]] * 5))
    with pytest.raises(InputError, match="raise most, which is 20"):
        intrinsic_dimension(points, most=20)


def test_dimension_of_whole_numbers_lists_and_points_far_from_zero() -> None:
    """Wide numbers were rounded to float32 where they lie, and most points fell together."""
    whole = np.random.default_rng(0).integers(0, 1_000, (300, 3))
    found = intrinsic_dimension(whole)
    assert intrinsic_dimension(whole.tolist()) == found == intrinsic_dimension(np.asfortranarray(whole.astype(float)))
    for far in (whole + 2**40, whole + 1e9):
        assert intrinsic_dimension(far).dimension == pytest.approx(found.dimension, rel=1e-6)


def test_the_sphere_model_agrees_with_simulation() -> None:
    points = sphere(3_000, 4, np.random.default_rng(0)).astype(np.float32)
    mean = minimum_spanning_tree(points).lengths.mean()
    assert float(sphere_mean_edge(4, np.array([3_000]))[0]) == pytest.approx(mean, rel=0.02)
    assert points_within_mean_edge(1) == 2 and np.exp(log_ball_volume(3)) == pytest.approx(4 / 3 * np.pi)


def test_entropy_of_uniform_and_gaussian_points() -> None:
    rng = np.random.default_rng(1)
    square = (rng.random((4_000, 2)) * [2, 3]).astype(np.float32)
    length = minimum_spanning_tree(square).length
    found = renyi_entropy(length / 4_000, 4_000, 2)
    assert found.entropy == pytest.approx(np.log(6), abs=0.1) and found.order == 0.5
    normal = rng.standard_normal((4_000, 3)).astype(np.float32)
    alpha = 2 / 3
    exact = 1.5 * np.log(2 * np.pi) + 1.5 * np.log(alpha) / (alpha - 1)
    measured = renyi_entropy(minimum_spanning_tree(normal).length / 4_000, 4_000, 3).entropy
    assert measured == pytest.approx(exact, abs=0.15)
    wider = renyi_entropy(minimum_spanning_tree(normal * 5).length / 4_000, 4_000, 3).entropy
    assert wider - measured == pytest.approx(3 * np.log(5), abs=1e-5)
    for edge, n, d in ((0.0, 10, 2), (np.nan, 10, 2), (1.0, 0, 2), (1.0, 10, 1)):
        with pytest.raises(ValueError, match="positive"):
            renyi_entropy(edge, n, d)
    assert renyi_entropy(1, 5, 2) == renyi_entropy(np.float32(1), np.int64(5), np.float64(2))
