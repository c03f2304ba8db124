"""What the study `zero-shot` shows."""

from typing import Annotated

from pydantic import Field

from storage.config import Config
from tasks.studies.config import StudyConfig


class ZeroShotConfig(StudyConfig):
    """How the curves are drawn."""

    running_maximum: bool = Field(
        default=False,
        description="draw the running maximum beside the raw values, as the paper's figure does, and say so",
    )


class HoldOutConfig(Config):
    """Pairs that no training sees, on which its loss and its retrieval are followed."""

    share: float = Field(gt=0, lt=1, description="of the distinct captions, drawn by hash")
    seed: int = Field(default=0, ge=0, description="of the draw; the same pairs for every training")
    recall_k: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1, 5, 10), min_length=1, description="the k of recall@k among the held-out pairs"
    )
