"""Zeroed coordinates: which measures fall."""

import numpy as np

from tasks.studies.tregs_points.zeroed import measure_zeroed
from tests.tasks.studies.tregs_points.test_descents import TINY


def test_uniformity_falls_with_the_coordinates_and_covariance_does_not_see_it() -> None:
    found = {each.name: np.array(each.values) for each in measure_zeroed(TINY)}
    assert all(values.shape == (3, 2) for values in found.values())
    for name in ("T-REGS", "−L_u", "−W₂", "−VICReg's variance"):
        assert (np.diff(found[name].mean(axis=1)) < 0).all(), name
    assert (np.diff(found["−VICReg's covariance"].mean(axis=1)) > 0).all()
    assert 0 < found["T-REGS"].max() <= 1
