"""What is measured goes to the page through a file."""

from storage.store.workspace import Runtime
from tasks.studies.stats import StudyStats
from tasks.studies.tregs_cost.config import CostConfig, TimedStep
from tasks.studies.tregs_cost.task import tregs_cost, tregs_cost_page
from tests.tasks.training.selfsupervised.examples import SMALL as SELF_SUPERVISED


def test_costs_are_measured_and_told(runtime: Runtime) -> None:
    steps = [TimedStep(name="MSE", settings=SELF_SUPERVISED)]
    costs = CostConfig(batches=(8,), rounds=3, warmup=1)
    timed = tregs_cost.run(costs, steps, runtime=runtime)
    assert "relative to MSE" in StudyStats.of(tregs_cost_page.run(costs, timed, runtime=runtime)).answer[0]
