"""The studies that need no data."""

from typing import Literal

from pydantic import Field

from flows.config.studies.plan import StudyPlan
from tasks.studies.baselines.config import BaselinesConfig
from tasks.studies.illustration.config import IllustrationConfig


class BaselinesPlan(StudyPlan):
    """Three estimators over dependence and misspecification."""

    kind: Literal["baselines"]
    settings: BaselinesConfig = Field(default_factory=BaselinesConfig, description="the grid")


class IllustrationPlan(StudyPlan):
    """A sample of a known joint while it is balanced."""

    kind: Literal["illustration"]
    settings: IllustrationConfig = Field(default_factory=IllustrationConfig, description="the joint and the sample")
