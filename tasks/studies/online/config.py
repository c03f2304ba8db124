"""What the study `online` compares."""

from pydantic import Field

from tasks.studies.config import StudyConfig


class OnlineConfig(StudyConfig):
    """Batches that are made to hold concepts as a target says, in the manner of CABS."""

    candidates: int = Field(
        default=4, ge=2, le=64, description="batches' worth of pairs that each batch is chosen from"
    )
