"""The page of the study of points."""

from tasks.reporting.page.svg import NARROW, drawing
from tasks.studies.tregs_points.figure import draw_zeroed
from tasks.studies.tregs_points.page import measure_points, points_page
from tests.tasks.studies.tregs_points.test_descents import TINY


def test_the_page_has_its_five_figures_and_says_where_the_points_went() -> None:
    numbers = measure_points(TINY)
    page = points_page(TINY, numbers)
    assert set(page.figures) == {"spheres", "norms", "spectra", "peers", "zeroed"}
    said = " ".join(page.answer)
    assert "(predicted 1.139" in said and "these rise somewhere: −VICReg's covariance" in said
    assert len(page.tables[0].rows) == 5 + 1 + 5 and len(page.tables[1].columns) == 4
    assert numbers.named()["circle"].dimension == 2
    with drawing():
        panel = draw_zeroed(numbers.zeroed, NARROW).axes[0]
    curves = [line.get_ydata() for line in panel.lines]
    assert len(curves) == 5 and all(min(curve) >= 0 and max(curve) <= 1 for curve in curves)
