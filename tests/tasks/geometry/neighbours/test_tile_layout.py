"""Tiles: every point once, near points together, and a ball that holds them."""

import numpy as np
import pytest

from tasks.geometry.neighbours.tile_layout import NARROWEST, WIDEST, group_by_pivots, lay_out, squared_norms
from tests.tasks.geometry.conftest import TRAPS, clusters, gaussian


@pytest.mark.parametrize("trap", ["gaussian", "sixteen tight clusters", "offset by 100", "all equal"])
@pytest.mark.parametrize("labelled", [False, True])
def test_tiles_hold_every_point_once_within_their_ball(trap: str, labelled: bool) -> None:
    points = TRAPS[trap](5_000, 6, 0)
    labels = (np.arange(5_000) >= 4_000).astype(np.int32) if labelled else None
    layout = lay_out(points, group_by_pivots(points), labels)
    assert sorted(layout.names.tolist()) == list(range(5_000))
    widths = np.diff(layout.starts)
    assert layout.starts[0] == 0 and layout.starts[-1] == 5_000 and widths.max() <= WIDEST
    assert (widths[:-1] >= NARROWEST).all()
    for tile, (start, stop) in enumerate(zip(layout.starts[:-1], layout.starts[1:], strict=True)):
        names = layout.names[start:stop]
        np.testing.assert_array_equal(layout.centred[start:stop], points[names] - layout.centres[tile])
        norms = (layout.centred[start:stop].astype(np.float64) ** 2).sum(axis=1)
        assert (np.sqrt(norms) <= layout.radius[tile]).all() and (layout.share[start:stop] <= norms).all()
        np.testing.assert_allclose(layout.share[start:stop], norms, rtol=1e-5)
        own = set() if labels is None else set(labels[names].tolist())
        assert layout.label[tile] == (own.pop() if len(own) == 1 else -1)


def test_separate_clusters_have_pivots_of_their_own() -> None:
    points = clusters(16_000, 8, count=16)
    groups = group_by_pivots(points)
    centre = np.unique(np.round(points, 1), axis=0, return_inverse=True)[1].reshape(-1)
    for group in np.unique(groups):
        assert np.ptp(points[groups == group], axis=0).max() < 0.1
    assert len(np.unique(groups)) >= 16 and len(centre) == 16_000
    assert not group_by_pivots(gaussian(4 * NARROWEST - 1, 3)).any()


def test_norms_are_summed_in_float64() -> None:
    rows = np.array([[1e4, 1e-4], [3.0, 4.0]], np.float32)
    assert squared_norms(rows).tolist() == [np.float32((rows[0].astype(np.float64) ** 2).sum()), 25]
    assert squared_norms(np.empty((0, 3), np.float32)).shape == (0,)
