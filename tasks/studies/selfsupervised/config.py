"""What a comparison of self-supervised trainings shows."""

from typing import Literal

from pydantic import Field

from storage.config import Config
from tasks.studies.config import StudyConfig

Question = Literal["tregs-ssl", "tregs-coefficients", "clustering"]


class ArmLabel(Config):
    """Which training a run is of."""

    group: str = Field(description="what is compared within: a method, or a part of a table")
    name: str = Field(description="of the arm within its group")
    seed: int = Field(ge=0, description="of weights, order and views")
    paper: float | None = Field(default=None, description="the paper's top-1 accuracy in per cent; 0: it collapses")


class ComparisonConfig(StudyConfig):
    """Of the page."""

    reference: str | None = Field(
        default=None, description="the arm that the others of its group are compared with; null: no tests"
    )


class SampleConfig(Config):
    """Which of the pictures take part."""

    rows: int = Field(ge=2, description="how many, drawn by hash; all where there are fewer")
    seed: int = Field(default=0, ge=0, description="of that draw")
