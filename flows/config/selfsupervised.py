"""The configuration of a self-supervised experiment: pictures to learn from, and labelled ones to be tested on."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from flows.config.experiment import Experiment
from flows.config.sources import require_pictures
from flows.verbs import Verb
from storage.config import Config
from tasks.evaluation.probe.config import ProbeConfig
from tasks.ingest.config import Sources
from tasks.reporting.config import SelfSupervisedReportConfig
from tasks.training.selfsupervised.config import SelfSupervisedConfig


class SelfSupervisedPlan(Config):
    """One backbone for each seed, on the pictures alone."""

    settings: SelfSupervisedConfig = Field(
        default_factory=SelfSupervisedConfig, description="network, objective and budget"
    )
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0,), min_length=1, description="one training per seed; more seeds, narrower intervals"
    )


class ProbePlan(Config):
    """Linear and nearest-neighbour evaluation of every backbone, beside itself before training."""

    settings: ProbeConfig = Field(default_factory=ProbeConfig, description="how features are evaluated")
    test: Sources = Field(min_length=1, description="labelled pictures to be tested on")


class SelfSupervisedExperiment(Experiment):
    """Self-supervised training on the pictures of `sources`, and its evaluation with their labels."""

    whole: ClassVar[Verb] = "selfsupervise"
    kind_in_words: ClassVar[str] = "a self-supervised experiment"

    sources: Sources = Field(min_length=1, description="pictures to learn from; their labels are for the probe alone")
    selfsupervised: SelfSupervisedPlan = Field(description="training")
    probe: ProbePlan = Field(description="evaluation")
    report: SelfSupervisedReportConfig = Field(default_factory=SelfSupervisedReportConfig, description="the report")

    @model_validator(mode="after")
    def _sources_have_pictures(self) -> "SelfSupervisedExperiment":
        require_pictures(self.sources, {"selfsupervised": True})
        require_pictures(self.probe.test, {"probe": True})
        return self
