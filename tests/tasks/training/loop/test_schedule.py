"""The learning rate over time."""

from itertools import pairwise

import pytest

from tasks.training.config import (
    ScheduleConfig,
)
from tasks.training.loop.schedule import learning_rate


def test_learning_rate_warms_up_and_falls():
    schedule = ScheduleConfig(warmup=4, final=0.1)
    rates = [learning_rate(step, peak=2.0, steps=20, schedule=schedule) for step in range(21)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4] == 2.0
    assert rates[12] == pytest.approx(2.0 * 0.55)
    assert rates[20] == pytest.approx(0.2)
    assert all(earlier >= later for earlier, later in pairwise(rates[4:]))
    constant = ScheduleConfig(kind="constant", warmup=0)
    assert learning_rate(19, peak=2.0, steps=20, schedule=constant) == 2.0
