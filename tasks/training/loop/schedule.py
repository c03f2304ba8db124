"""The learning rate of every step."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.training.config import ScheduleConfig


def learning_rate(step: int, *, peak: float, steps: int, schedule: "ScheduleConfig") -> float:
    """The rate at `step` (from 0) of `steps`: `peak (step + 1) / warmup` at first, then the cosine or the constant.

    The cosine falls from `peak` at the end of the warm-up to `final · peak` after the last step, as in open_clip.

    Args:
        step: from 0.
        peak: the rate at the end of the warm-up.
        steps: of the whole training.
        schedule: its shape.
    """
    if step < schedule.warmup:
        return peak * (step + 1) / schedule.warmup
    if schedule.kind == "constant":
        return peak
    done = (step - schedule.warmup) / max(steps - schedule.warmup, 1)
    return peak * (schedule.final + (1 - schedule.final) * 0.5 * (1 + math.cos(math.pi * done)))
