"""Rows of the geometry table."""

import numpy as np
import pytest

from tasks.reporting.sections.geometry import geometry_row


def spread(mean: float, error: float) -> dict[str, float]:
    return {"mean_edge": mean, "standard_error": error, "repeated": 0.0, "size": 64, "draws": 8}


def test_the_gain_and_its_interval_have_their_closed_form() -> None:
    row = geometry_row("balanced", {"diversity": {"all": spread(0.5, 0.01), "measured": spread(0.6, 0.012)}})
    assert row.gain is not None
    value, low, high = row.gain
    assert value == pytest.approx(0.2)
    assert (high - low) / 2 == pytest.approx(1.96 * 1.2 * np.hypot(0.02, 0.02))
    same = {"all": spread(0.5, 0.01), "measured": spread(0.5, 0.01)}
    assert geometry_row("original", {"diversity": same}).gain is None  # nothing was selected
    assert geometry_row("bare", {}).gain is None and geometry_row("bare", {}).exact is None
