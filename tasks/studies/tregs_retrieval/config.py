"""What the study of retrieval shows."""

from typing import Annotated

from pydantic import Field

from tasks.studies.config import StudyConfig


class RetrievalConfig(StudyConfig):
    """Of the page."""

    reference: str = Field(default="fine-tuned", description="the arm that the others are compared with")
    ranks: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1, 5, 10), min_length=1, description="k of recall@k"
    )
