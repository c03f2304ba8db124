"""What every study's plan is made of."""

from flows.config.plans.evaluation import Benchmark
from storage.config import Config


class StudyPlan(Config):
    """The base of a study: a subclass has a `kind`, the study's name, and `settings`, those of its page."""

    @property
    def scored(self) -> list[tuple[Benchmark, str]]:
        """The benchmarks that models are scored on, each with its split: looked at before work starts."""
        return []
