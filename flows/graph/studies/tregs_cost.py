"""The study `tregs-cost` as a graph of stages."""

from pathlib import Path

from flows.config.studies.tregs_cost import CostPlan
from flows.engine.engine import Engine, Ref
from tasks.studies.tregs_cost.task import tregs_cost, tregs_cost_page


def cost_graph(engine: Engine, plan: CostPlan, store: Path) -> Ref:
    """Timed steps → the page."""
    timed = engine.submit(tregs_cost, label="timed steps", config=plan.settings, steps=list(plan.steps()))
    return engine.submit(tregs_cost_page, label="report", config=plan.settings, measured=timed)
