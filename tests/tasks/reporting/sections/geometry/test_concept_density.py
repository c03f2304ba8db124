"""Densities as distances over the median."""

from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from tasks.reporting.page.svg import drawing, to_svg
from tasks.reporting.sections.geometry.concept_density import density, density_figure
from tests.tasks.reporting.conftest import KEYWORDS


def test_densities_are_told_as_distances_over_the_median() -> None:
    """log density −d · log(r / median) with d = 2: 2 log 2 is half the median distance; 0 is a repeated picture."""
    table = pl.DataFrame(
        {
            "entry": [0, 1, 2, 3],
            "rows": [9, 8, 7, 6],
            "median_radius": [0.5, 0.25, 1.0, 0.0],
            "relative_log_density": [0.0, 2 * np.log(2), -2 * np.log(2), None],
        }
    )
    found = density({"original": table}, {"original": 2.0}, KEYWORDS, shown=1, neighbours=16)
    assert found is not None and found.measured == 4
    assert [each.text for each in found.densest] == [KEYWORDS[3]] and found.densest[0].relative["original"] == 0
    assert found.sparsest[0].relative["original"] == pytest.approx(2.0)
    whole = density({"original": table}, {"original": 2.0}, KEYWORDS, shown=5, neighbours=16)
    assert whole is not None and not whole.sparsest
    assert whole.densest[1].relative["original"] == pytest.approx(0.5)
    with drawing():
        text = "".join(ElementTree.fromstring(to_svg(density_figure(whole))).itertext())
    assert KEYWORDS[3] in text  # hostile, and still text
    assert density({}, {}, KEYWORDS, shown=5, neighbours=16) is None
