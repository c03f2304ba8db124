"""The stages of `tregs-points`: measured, and told."""

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.studies.outputs import NUMBERS, measured_stats, written
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.tregs_points.config import PointsConfig


@stage("tregs_points", version=1, modules=())
def tregs_points(config: PointsConfig, *, work: Workspace) -> MeasuredStats:
    """Points that T-REG and its neighbours move, and measures of a Gaussian with zeroed coordinates."""
    from tasks.studies.tregs_points.page import measure_points
    from tasks.threads import fixed_threads

    with fixed_threads(1):
        found = measure_points(config)
    return measured_stats(found, len(found.few) + len(found.peers) + 1, work)


@stage("tregs_points_page", version=1, modules=())
def tregs_points_page(config: PointsConfig, measured: Manifest, *, work: Workspace) -> StudyStats:
    """The page of the study `tregs-points`."""
    from tasks.studies.tregs_points.page import PointsNumbers, points_page

    numbers = PointsNumbers.model_validate_json(work.path(measured, NUMBERS).read_bytes())
    return written(points_page(config, numbers), config, work)
