"""The study `curation` as a configuration."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flows.config.plans.evaluation import Benchmark
from flows.config.studies.encoding import EncodedData
from flows.config.studies.plan import StudyPlan
from storage.config import Config
from tasks.balancing.config import BalancingConfig
from tasks.evaluation.config import EvaluationConfig
from tasks.matching.config import MatchingConfig, MetadataConfig
from tasks.resampling.config import ResamplingConfig
from tasks.studies.curation.config import CurationConfig
from tasks.training.config import HeadsConfig


class CurationArm(Config):
    """One way of balancing."""

    balancing: BalancingConfig = Field(description="how to balance")
    resampling: ResamplingConfig = Field(default_factory=ResamplingConfig, description="weights to a selection")


class CurationPlan(StudyPlan):
    """Original against balanced, each beside a uniform sample of equal effective size, on equal budgets."""

    kind: Literal["curation"]
    data: EncodedData = Field(description="the pairs, labelled with the benchmark's classes")
    metadata: MetadataConfig = Field(description="the keyword list")
    matching: MatchingConfig = Field(default_factory=MatchingConfig, description="substring matching")
    arms: dict[str, CurationArm] = Field(min_length=1, description="ways of balancing, by the name that figures show")
    heads: HeadsConfig = Field(default_factory=HeadsConfig, description="heads and their training, the same for all")
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=tuple(range(8)), min_length=2, description="one training per seed and arm"
    )
    benchmark: Benchmark = Field(description="what heads are scored on, with a path")
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig, description="split of the benchmark")
    settings: CurationConfig = Field(default_factory=CurationConfig, description="the page")

    @property
    def scored(self) -> list[tuple[Benchmark, str]]:
        """The benchmark with its split."""
        return [(self.benchmark, self.evaluation.split)]

    @model_validator(mode="after")
    def _arms_are_told_apart(self) -> "CurationPlan":
        self.heads.loss.check()
        if self.metadata.reads_corpus:
            raise ValueError("metadata that reads the corpus is not taken here; give a list of keywords")
        if self.benchmark.path is None:
            raise ValueError(f"benchmark {self.benchmark.name!r} has no `path`; a study generates none")
        for name in self.arms:
            if name == "original" or name.startswith("random"):
                raise ValueError(f"an arm cannot be called {name!r}: that is the name of a control")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("`seeds` holds one value twice; name each once")
        return self
