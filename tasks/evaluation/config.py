"""How a trained model is scored on one benchmark."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import Config, NotInKey


class EvaluationConfig(Config):
    """Settings of the zero-shot evaluation and of its intervals."""

    split: str = Field(
        default="test",
        description="Sub-folder of the benchmark that holds nshards.txt and the tars.",
        pattern=r"^[A-Za-z0-9_-]+$",
    )
    batch_size: Annotated[int, NotInKey()] = Field(
        default=256, ge=1, description="Images encoded at a time; changes speed and memory, not results."
    )
    recall_k: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1, 5, 10), min_length=1, description="The k of recall@k, for retrieval benchmarks."
    )
    one_caption: bool = Field(
        default=False,
        description="Retrieval with the first caption of every image alone as well, as in T-REGS's Table 3; those "
        "metrics begin with one_caption_, and clip-benchmark's names mean every caption.",
    )
    blank_captions: Literal["keep", "drop"] = Field(
        default="keep",
        description="Blank lines among the captions of retrieval: asked for, as clip-benchmark does, or not.",
    )
    resamples: int = Field(
        default=2000, ge=100, description="Bootstrap resamples of the test images for each interval."
    )
    confidence: float = Field(default=0.95, gt=0.0, lt=1.0, description="Coverage that the intervals aim at.")
    seed: int = Field(default=0, ge=0, description="Seed of the bootstrap draws.")
