"""Lengths of edges and diversity, drawn."""

from xml.etree import ElementTree

import numpy as np

from tasks.reporting.page.svg import drawing, to_svg
from tasks.reporting.sections.geometry.geometry import geometry_row
from tasks.reporting.sections.geometry.geometry_charts import diversity_figure, edges_figure
from tests.tasks.reporting.figures import diversity_stats, geometry_stats


def test_edges_are_drawn_with_their_cut() -> None:
    with drawing():
        figure = edges_figure({"all pairs": np.r_[np.zeros(50), np.linspace(0.1, 1, 50)]}, 0.05)
        assert figure is not None
        svg = to_svg(figure)
    ElementTree.fromstring(svg)
    assert "cut at 0.05" in svg
    assert edges_figure({"all pairs": np.zeros(4)}) is None and edges_figure({}) is None
    assert diversity_figure([geometry_row("original", geometry_stats())]) is None


def test_diversity_is_drawn_with_its_intervals() -> None:
    row = geometry_row("balanced", geometry_stats(diversity=diversity_stats((0.5, 0.01), (0.6, 0.02))))
    with drawing():
        figure = diversity_figure([geometry_row("original", geometry_stats()), row])
    assert figure is not None
    drawn = [[round(float(x), 4) for x in line.get_xdata()] for line in figure.axes[0].lines]
    assert drawn == [[0.4804, 0.5196], [0.5], [0.5608, 0.6392], [0.6]]
