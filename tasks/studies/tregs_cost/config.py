"""Which steps are timed."""

from typing import Literal

from pydantic import Field

from storage.config import Config
from tasks.studies.config import StudyConfig
from tasks.training.selfsupervised.config import SelfSupervisedConfig


class TimedStep(Config):
    """A kind of step."""

    name: str = Field(description="as the page says it")
    settings: SelfSupervisedConfig = Field(description="network, views, method and regulariser")


class CostConfig(StudyConfig):
    """How steps are timed."""

    reference: str = Field(default="MSE", description="the step that the others' times are divided by")
    batches: tuple[int, ...] = Field(default=(128, 256), min_length=1, description="pictures of a step")
    rounds: int = Field(default=15, ge=3, description="rounds, in each of which every kind makes one step")
    warmup: int = Field(default=2, ge=1, description="rounds before, which do not count")
    threads: int = Field(default=1, ge=1, description="processor threads")
    clock: Literal["processor", "wall"] = Field(
        default="processor",
        description="seconds of this process, which others disturb less, or of the clock, as an accelerator needs",
    )
