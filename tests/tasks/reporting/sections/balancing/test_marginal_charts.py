"""Marginals drawn by name or by rank, however many keywords there are."""

from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from tasks.reporting.page.svg import drawing, to_svg
from tasks.reporting.sections.balancing.marginal_charts import (
    GROUPS,
    MOST_MARKS,
    drawn_ranks,
    marginals_caption,
    marginals_figure,
    spread,
)
from tasks.reporting.sections.balancing.marginals import Marginals, read_marginals
from tests.tasks.reporting.sections.balancing.test_marginals import entries


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


def test_a_narrow_axis_has_plain_labels() -> None:
    assert "mathdefault" not in svg_of(40) + svg_of(5)


def many(keywords: int) -> Marginals:
    """Zipf's law before, and a realised marginal that lies on a flat target, with noise; the rarest are not there."""
    count = (keywords / np.arange(1, keywords + 1)).astype(np.int64) + 1
    flat = np.full(keywords, 1 / keywords)
    realised = flat * np.random.default_rng(0).lognormal(0, 0.4, keywords)
    realised[-keywords // 3 :] = 0
    return Marginals(pl.Series(["x"] * keywords), count, count / count.sum(), flat, flat, realised / realised.sum())


@pytest.mark.parametrize("keywords", [40_000, 1_000_000])
def test_many_keywords_are_few_marks_and_the_realised_ones_stand_above_the_target(keywords: int) -> None:
    with drawing():
        figure = marginals_figure(many(keywords), 40)
        assert figure is not None
        svg = to_svg(figure)
    assert len(svg) < 120_000
    (axis,) = figure.axes
    lines = {line.get_label(): line for line in axis.lines}
    realised, target = lines["realised, median"], lines["target"]
    assert realised.get_zorder() > target.get_zorder() and realised.get_markersize() >= 5
    drawn = np.isfinite(np.asarray(realised.get_ydata(), float)).sum()
    assert 25 <= drawn <= GROUPS  # seen, and no mark a keyword
    (band,) = axis.collections
    assert band.get_label() == "four fifths of the realised"
    assert f"{keywords:,} keywords" in axis.get_xlabel()


def test_groups_hold_every_keyword_once() -> None:
    shares = np.arange(1, 5_001) / 5_000
    found = spread(shares)
    assert len(found.rank) <= GROUPS and (np.diff(found.rank) > 0).all()
    assert (found.low <= found.middle).all() and (found.middle <= found.high).all()
    assert found.rank[0] == 1 and found.middle[0] == shares[0]  # the first ranks stand alone
    last = found.rank[-1]
    assert 4_000 < last < 5_000 and 0.8 < found.middle[-1] < 1
    assert spread(np.array([0.5])).middle.tolist() == [0.5]


def test_lines_go_through_few_ranks_from_the_first_to_the_last() -> None:
    ranks = drawn_ranks(1_000_000)
    assert len(ranks) <= MOST_MARKS and ranks[0] == 1 and ranks[-1] == 1_000_000 and (np.diff(ranks) > 0).all()
    assert drawn_ranks(MOST_MARKS).tolist() == list(range(1, MOST_MARKS + 1))


def test_a_few_hundred_keywords_are_a_dot_each() -> None:
    with drawing():
        figure = marginals_figure(many(MOST_MARKS), 40)
    assert figure is not None
    (dots,) = [line for line in figure.axes[0].lines if line.get_label() == "realised"]
    assert len(np.atleast_1d(dots.get_xdata())) == MOST_MARKS


def test_the_caption_says_what_is_drawn() -> None:
    assert "Beside each keyword" in marginals_caption(40, 40)
    assert "A dot is a keyword" in marginals_caption(41, 40)
    assert "medians" in marginals_caption(MOST_MARKS + 1, 40)


def test_nothing_selected_is_no_mark_and_no_fault() -> None:
    nothing = many(1_000)
    none = Marginals(nothing.text, nothing.count, nothing.observed, nothing.target, None, np.zeros(1_000))
    with drawing():
        assert "</svg>" in to_svg(marginals_figure(none, 40))
