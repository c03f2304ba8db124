"""The studies that need no data, as graphs of one stage."""

from pathlib import Path

from flows.config.studies.simulated import BaselinesPlan, IllustrationPlan
from flows.engine.engine import Engine, Ref
from tasks.studies.baselines.task import baselines
from tasks.studies.illustration.task import illustration


def baselines_graph(engine: Engine, plan: BaselinesPlan, store: Path) -> Ref:
    """The grid and its page."""
    return engine.submit(baselines, label="report", config=plan.settings)


def illustration_graph(engine: Engine, plan: IllustrationPlan, store: Path) -> Ref:
    """The sample and its page."""
    return engine.submit(illustration, label="report", config=plan.settings)
