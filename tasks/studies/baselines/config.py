"""What the study `baselines` simulates."""

from typing import Annotated

from pydantic import Field

from tasks.studies.config import StudyConfig


class BaselinesConfig(StudyConfig):
    """The grid of Figure 5: estimators against dependence and misspecification."""

    values: int = Field(default=10, ge=2, le=200, description="values of either variable")
    sample: int = Field(default=300, ge=2, description="pairs of a sample")
    half_steps: int = Field(default=8, ge=1, le=64, description="half steps of the balanced estimator")
    repetitions: int = Field(default=2000, ge=10, description="samples at every point")
    dependence: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), min_length=2, description="s of every column"
    )
    misspecification: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3), min_length=2, description="ε of every row"
    )
    seed: int = Field(default=0, ge=0, description="of the samples")
