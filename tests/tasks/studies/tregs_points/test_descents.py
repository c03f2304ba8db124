"""Points under regularisers: what theory says of where they come to."""

import pytest
import torch

from tasks.studies.tregs_points.config import PointsConfig
from tasks.studies.tregs_points.descents import PEERS, decorrelation, few_points, moved, peers, slide, sphere_start
from tasks.training.tregs.study import simplex_start

TINY = PointsConfig(steps=40, sphere_points=24, sphere_steps=60, collapsed_points=16, large_points=16, large_steps=20,
                    peers_points=12, peers_steps=30, gaussian_points=40, gaussian_dimension=24, zeroed=(0.0, 0.5, 0.9),
                    draws=2)  # fmt: skip


@pytest.fixture(scope="module")
def few():
    return {each.name: each for each in few_points(TINY)}


def test_the_tree_alone_goes_on_growing_and_with_the_sphere_it_settles(few) -> None:
    assert few["tree alone"].radius is None and few["simplex"].radius == pytest.approx(1.139, abs=1e-3)
    assert (torch.tensor(few["tree alone"].norm).diff() > 0).all()
    assert few["simplex"].norm[-1] < 0.5 * few["simplex"].norm[0]


def test_points_in_three_dimensions_spread_from_one_pole(few) -> None:
    sphere = few["sphere"]
    start, end = (torch.tensor(places) for places in sphere.places)
    assert start.shape == end.shape == (24, 3)
    assert start[:, 2].min() > 0 > end[:, 2].min() and sphere.uniformity[1] > 1.3 * sphere.uniformity[0]
    assert sphere_start(9, 1).norm(dim=1).tolist() == pytest.approx([1] * 9)


def test_what_is_kept_of_a_descent(few) -> None:
    collapsed = few["collapsed"]
    assert collapsed.cosines[0][0] > 0.99 > collapsed.cosines[1][0]
    assert len(collapsed.spectrum[0]) == 15 and collapsed.spectrum[1][0] > 100 * collapsed.spectrum[0][0]
    simplex = 2**0.5 * (torch.eye(5) - 0.2)
    still = moved("x", slide(simplex, lambda points: 0 * points.sum(), steps=1, rate=0.1))
    assert still.cosine_error < 1e-6 and still.uniformity[0] == pytest.approx(4 * (2.5 / 2.4) ** 0.5, rel=1e-5)


def test_every_peer_lowers_its_own_term() -> None:
    start = simplex_start(12, 12, TINY.seed + 6)
    for each in peers(TINY):
        term = PEERS[each.name]
        assert term(slide(start, term, steps=30, rate=0.05).end) < term(start), each.name
        assert each.points == 12 and len(each.norm) == 30


def test_decorrelation_is_barlow_twins_second_sum() -> None:
    points = torch.randn(30, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    correlation = torch.corrcoef(points.T)
    expected = (correlation.square().sum() - 4) / 4
    torch.testing.assert_close(decorrelation(points), expected)
