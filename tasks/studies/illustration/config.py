"""What the study `illustration` shows."""

from pydantic import Field

from tasks.studies.config import StudyConfig


class IllustrationConfig(StudyConfig):
    """A sample of a known joint, raked to that joint's own marginals."""

    values: int = Field(default=6, ge=2, le=20, description="values of either variable")
    dependence: float = Field(default=0.4, ge=0, le=1, description="s of the joint")
    sample: int = Field(default=60, ge=1, description="pairs of the sample")
    half_steps: int = Field(default=4, ge=1, le=8, description="half steps")
    repetitions: int = Field(default=2000, ge=10, description="samples, for the mean distance to the joint")
    seed: int = Field(default=0, ge=0, description="of the samples")
