"""What the study `curation` shows."""

from typing import Annotated

from pydantic import Field

from tasks.studies.config import StudyConfig


class CurationConfig(StudyConfig):
    """How classes are grouped by their frequency in the training data."""

    groups: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = Field(
        default=("head", "middle", "tail"),
        min_length=1,
        description="groups of classes, the most frequent first, of equally many classes as nearly as can be",
    )
