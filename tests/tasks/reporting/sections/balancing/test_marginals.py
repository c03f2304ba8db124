"""Marginals against closed forms, and drawn by name or by rank."""

from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from tasks.reporting.page.svg import drawing, to_svg
from tasks.reporting.sections.balancing.marginals import (
    Marginals,
    distances,
    drawn_ranks,
    marginals_figure,
    read_marginals,
)
from tests.tasks.reporting.conftest import entries_table


def entries() -> pl.DataFrame:
    frame = pl.from_arrow(entries_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def svg_of(named: int) -> str:
    with drawing():
        return to_svg(marginals_figure(read_marginals(entries()), named))


@pytest.mark.parametrize("named", [40, 5])
def test_same_bytes_and_well_formed(named: int) -> None:
    svg = svg_of(named)
    assert svg == svg_of(named)
    ElementTree.fromstring(svg)
    assert "<!--" not in svg and "date" not in svg.lower()


def test_hostile_keywords_stay_text() -> None:
    root = ElementTree.fromstring(svg_of(40))
    texts = "".join(root.itertext())
    assert "<script>alert(5)</script>" in texts
    assert "$x^2$ & <i>" in texts  # no mathematics, no markup
    assert not [element for element in root.iter() if element.tag.endswith(("script", "image", "foreignObject"))]


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
    assert read_marginals(frame).text == ("b",)


def test_a_narrow_axis_has_plain_labels() -> None:
    assert "mathdefault" not in svg_of(40) + svg_of(5)


def test_a_million_keywords_are_drawn_as_two_thousand_and_the_figure_says_so() -> None:
    ranks = drawn_ranks(1_000_000)
    assert len(ranks) <= 2_000 and ranks[0] == 1 and ranks[-1] == 1_000_000 and (np.diff(ranks) > 0).all()
    assert drawn_ranks(2_000).tolist() == list(range(1, 2_001))
    count = np.arange(5_000, 0, -1)
    share = count / count.sum()
    many = Marginals(tuple(map(str, range(5_000))), count, share, share, share, share)
    figure = marginals_figure(many, 40)
    (axis,) = figure.axes
    assert "of 5,000 are drawn" in axis.get_xlabel()
    assert max(len(line.get_xdata()) for line in axis.lines) <= 2_000
