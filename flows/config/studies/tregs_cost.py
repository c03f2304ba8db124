"""The study `tregs-cost` as a configuration."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from flows.config.studies.plan import StudyPlan
from flows.config.studies.selfsupervised import MethodChoice
from tasks.studies.tregs_cost.config import CostConfig, TimedStep
from tasks.training.selfsupervised.config import SelfSupervisedConfig


class CostPlan(StudyPlan):
    """Seconds of a whole step, method by method (T-REGS, Table 5)."""

    kind: Literal["tregs-cost"]
    training: SelfSupervisedConfig = Field(description="network and views of every step")
    methods: tuple[MethodChoice, ...] = Field(min_length=2, description="the kinds of steps, the reference among them")
    settings: CostConfig = Field(default_factory=CostConfig, description="batches, rounds, clock")

    @model_validator(mode="after")
    def _has_its_reference(self) -> Self:
        names = [each.name for each in self.steps()]
        if self.settings.reference not in names:
            raise ValueError(f"no method is called {self.settings.reference!r}, the reference; there are {names}")
        return self

    def steps(self) -> Sequence[TimedStep]:
        """Every kind of step."""
        return [TimedStep(name=each.name, settings=each.applied(self.training)) for each in self.methods]
