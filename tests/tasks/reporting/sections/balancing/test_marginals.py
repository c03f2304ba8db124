"""Marginals against closed forms."""

import numpy as np
import polars as pl
import pytest

from tasks.reporting.sections.balancing.marginals import distances, read_marginals
from tests.tasks.reporting.conftest import entries_table


def entries() -> pl.DataFrame:
    frame = pl.from_arrow(entries_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def test_distances_have_their_closed_forms() -> None:
    frame = pl.DataFrame(
        {
            "entry": [0, 1],
            "text": ["a", "b"],
            "count": [3, 1],
            "observed": [0.75, 0.25],
            "target": [0.5, 0.5],
            "balanced": [None, None],
            "realised": [1.0, 0.0],
        }
    )
    before, realised = distances(read_marginals(frame))
    assert before.total_variation == pytest.approx(0.25)
    assert before.kl == pytest.approx(0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25))
    assert before.imbalance == pytest.approx(3)
    assert realised.total_variation == pytest.approx(0.5)
    assert realised.kl is None and realised.missing == 1


def test_keywords_that_nobody_holds_are_left_out() -> None:
    frame = pl.DataFrame({"entry": [0, 1], "text": ["a", "b"], "count": [0, 2], "target": [0.0, 1.0]})
    assert read_marginals(frame).text.to_list() == ["b"]
