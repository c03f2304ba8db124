"""The point study's figure draws every panel from small descents."""

import io

from tasks.training.tregs.study import circle_start, collapsed_start, descend, simplex_start
from tasks.training.tregs.study_figure import PointsStudy, draw_points


def test_four_panels():
    simplex = descend(simplex_start(6, 8), gamma=0.2, lambda_=1.0, rate=0.05, steps=5)
    circle = descend(circle_start(12), gamma=1.0, lambda_=1.0, rate=0.2, steps=5, optimiser="gradient")
    collapsed = descend(collapsed_start(6, 8), gamma=0.2, lambda_=1.0, rate=0.05, steps=5)
    figure = draw_points(PointsStudy(simplex, circle, collapsed, 0.1))
    assert [axes.get_title()[:8] for axes in figure.axes] == ["6 points", "12 point", "collapse", "norms an"]
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    assert len(simplex.norm) == 5
    assert file.getvalue()
