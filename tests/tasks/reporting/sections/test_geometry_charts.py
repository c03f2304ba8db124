"""Lengths of edges and diversity, drawn."""

from xml.etree import ElementTree

import numpy as np

from tasks.reporting.page.svg import drawing, to_svg
from tasks.reporting.sections.geometry import geometry_row
from tasks.reporting.sections.geometry_charts import diversity_figure, edges_figure


def test_edges_are_drawn_with_their_cut() -> None:
    with drawing():
        figure = edges_figure({"all pairs": np.r_[np.zeros(50), np.linspace(0.1, 1, 50)]}, 0.05)
        assert figure is not None
        svg = to_svg(figure)
    ElementTree.fromstring(svg)
    assert "cut at 0.05" in svg
    assert edges_figure({"all pairs": np.zeros(4)}) is None and edges_figure({}) is None
    assert diversity_figure([geometry_row("original", {})]) is None
