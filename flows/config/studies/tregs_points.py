"""The study `tregs-points` as a configuration."""

from typing import Literal

from pydantic import Field

from flows.config.studies.plan import StudyPlan
from tasks.studies.tregs_points.config import PointsConfig


class PointsPlan(StudyPlan):
    """What T-REG does to points alone; it needs no data."""

    kind: Literal["tregs-points"]
    settings: PointsConfig = Field(default_factory=PointsConfig, description="sizes and steps")
