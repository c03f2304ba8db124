"""What the study `zero-shot` shows."""

from pydantic import Field

from tasks.studies.config import StudyConfig


class ZeroShotConfig(StudyConfig):
    """How the curves are drawn."""

    running_maximum: bool = Field(
        default=False,
        description="draw the running maximum beside the raw values, as the paper's figure does, and say so",
    )
