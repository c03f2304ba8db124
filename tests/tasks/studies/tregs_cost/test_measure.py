"""Timed steps: ratios within a round, and a whole step that trains."""

import numpy as np
import torch

from tasks.studies.tregs_cost.config import CostConfig, TimedStep
from tasks.studies.tregs_cost.measure import measure_cost, one_step
from tests.tasks.training.selfsupervised.examples import SMALL

STEPS = [
    TimedStep(name="MSE", settings=SMALL),
    TimedStep(name="BYOL", settings=SMALL.model_copy(update={"method": "byol"})),
]
CONFIG = CostConfig(batches=(8,), rounds=3, warmup=1)


def test_ratios_are_taken_within_a_round() -> None:
    found = measure_cost(CONFIG, STEPS)
    assert [(each.name, each.batch, len(each.seconds)) for each in found.times] == [("MSE", 8, 3), ("BYOL", 8, 3)]
    base, other = (np.array(each.seconds) for each in found.times)
    np.testing.assert_allclose(found.times[1].ratios, other / base)
    assert set(found.times[0].ratios) == {1.0} and (base > 0).all()


def test_a_timed_step_is_a_whole_one() -> None:
    step = one_step(SMALL.model_copy(update={"method": "byol", "batch": 8}), torch.device("cpu"))
    objective = step.__closure__[[*step.__code__.co_freevars].index("objective")].cell_contents  # type: ignore[index]
    before = [parameter.detach().clone() for parameter in objective.parameters()]
    step(0)
    moved = [not torch.equal(was, now) for was, now in zip(before, objective.parameters(), strict=True)]
    assert all(moved)  # the teacher's as well
