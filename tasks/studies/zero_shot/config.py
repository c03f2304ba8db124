"""What the study `zero-shot` shows."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import Config
from tasks.evaluation.probe.config import ProbeConfig
from tasks.studies.config import StudyConfig


class ZeroShotConfig(StudyConfig):
    """How the curves are drawn."""

    running_maximum: bool = Field(
        default=False,
        description="draw the running maximum beside the raw values, as the paper's figure does, and say so",
    )


class ProbeAlongConfig(ProbeConfig):
    """A linear classifier and nearest neighbours of the heads' image features, along training."""

    learn_from: Literal["train", "pairs"] = Field(
        default="train",
        description="what classifiers learn from: the benchmark's own training images, in its sub-folder train/; or "
        "the pairs, whose labels then must be the benchmark's classes",
    )


class HoldOutConfig(Config):
    """Pairs that no training sees, on which its loss and its retrieval are followed."""

    share: float = Field(gt=0, lt=1, description="of the distinct captions, drawn by hash")
    seed: int = Field(default=0, ge=0, description="of the draw; the same pairs for every training")
    recall_k: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1, 5, 10), min_length=1, description="the k of recall@k among the held-out pairs"
    )
