"""The study `tregs-points` as a graph of stages."""

from pathlib import Path

from flows.config.studies.tregs_points import PointsPlan
from flows.engine.engine import Engine, Ref
from tasks.studies.tregs_points.task import tregs_points, tregs_points_page


def points_graph(engine: Engine, plan: PointsPlan, store: Path) -> Ref:
    """Moved points → the page."""
    measured = engine.submit(tregs_points, label="points", config=plan.settings)
    return engine.submit(tregs_points_page, label="report", config=plan.settings, measured=measured)
