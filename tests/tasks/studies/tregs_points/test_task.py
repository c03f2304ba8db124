"""What is measured goes to the page through a file."""

from storage.store.workspace import Runtime
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.tregs_points.task import tregs_points, tregs_points_page
from tests.tasks.studies.tregs_points.test_descents import TINY as POINTS


def test_points_are_measured_and_told(runtime: Runtime) -> None:
    points = tregs_points.run(POINTS, runtime=runtime)
    page = tregs_points_page.run(POINTS, points, runtime=runtime)
    assert StudyStats.of(page).figures == 5 and MeasuredStats.of(points).measured == 11
