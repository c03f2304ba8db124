"""Rows of the geometry table."""

import numpy as np
import pytest

from tasks.reporting.sections.geometry.geometry import geometry_row
from tests.tasks.reporting.figures import diversity_stats, geometry_stats


def test_the_gain_and_its_interval_have_their_closed_form() -> None:
    row = geometry_row("balanced", geometry_stats(diversity=diversity_stats((0.5, 0.01), (0.6, 0.012))))
    assert row.gain is not None
    value, low, high = row.gain
    assert value == pytest.approx(0.2)
    assert (high - low) / 2 == pytest.approx(1.96 * 1.2 * np.hypot(0.02, 0.02))


def test_where_nothing_was_selected_there_is_no_gain() -> None:
    assert geometry_row("original", geometry_stats(diversity=diversity_stats((0.5, 0.01), (0.5, 0.01)))).gain is None
    assert geometry_row("points", geometry_stats(diversity=diversity_stats((0.0, 0.0), (0.5, 0.01)))).gain is None


def test_what_was_not_found_is_none() -> None:
    row = geometry_row("few", geometry_stats(exact=True, intrinsic_dimension=None, renyi_entropy=None))
    assert (row.dimension, row.dimension_low, row.entropy, row.order, row.excess) == (None,) * 5
