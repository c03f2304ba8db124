"""The study `online` as a configuration."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flows.config.plans.evaluation import Benchmark
from flows.config.studies.curation import CurationArm
from flows.config.studies.encoding import EncodedData
from flows.config.studies.plan import StudyPlan
from tasks.evaluation.config import EvaluationConfig
from tasks.matching.config import MatchingConfig, MetadataConfig
from tasks.studies.online.config import OnlineConfig
from tasks.training.config import HeadsConfig


class OnlinePlan(StudyPlan):
    """Concept-targeted batches beside an offline selection with the same target."""

    kind: Literal["online"]
    data: EncodedData = Field(description="the pairs")
    metadata: MetadataConfig = Field(description="the keyword list")
    matching: MatchingConfig = Field(default_factory=MatchingConfig, description="substring matching")
    offline: CurationArm = Field(description="the selection, whose target is that of the batches")
    heads: HeadsConfig = Field(default_factory=HeadsConfig, description="heads and their training, the same for all")
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0, 1, 2, 3, 4), min_length=2, description="one training per seed and arm"
    )
    benchmark: Benchmark = Field(description="what heads are scored on, with a path")
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig, description="split of the benchmark")
    settings: OnlineConfig = Field(default_factory=OnlineConfig, description="how batches are chosen")

    @property
    def scored(self) -> list[tuple[Benchmark, str]]:
        """The benchmark with its split."""
        return [(self.benchmark, self.evaluation.split)]

    @model_validator(mode="after")
    def _can_be_compared(self) -> "OnlinePlan":
        self.heads.loss.check()
        if self.metadata.reads_corpus:
            raise ValueError("metadata that reads the corpus is not taken here; give a list of keywords")
        if self.offline.balancing.method == "threshold":
            raise ValueError("a threshold has no target for the batches to meet; give rake or calibrate")
        if self.benchmark.path is None:
            raise ValueError(f"benchmark {self.benchmark.name!r} has no `path`; a study generates none")
        if self.heads.steps % self.settings.candidates:
            raise ValueError(
                f"{self.heads.steps} steps are no multiple of {self.settings.candidates} candidates, so that equally "
                "many pictures cannot be decoded; change either"
            )
        return self
