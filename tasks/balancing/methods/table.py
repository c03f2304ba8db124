"""Which function answers which configuration: the one place where methods are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tasks.balancing.config import BalancingMethod, CalibrateConfig, RakeConfig, ThresholdConfig
from tasks.balancing.methods.calibrate import by_calibration
from tasks.balancing.methods.problem import Answer, Problem
from tasks.balancing.methods.rake import by_raking
from tasks.balancing.methods.threshold import by_threshold

METHODS: Mapping[type[BalancingMethod], Callable[[Any, Problem], Answer]] = {
    RakeConfig: by_raking,
    CalibrateConfig: by_calibration,
    ThresholdConfig: by_threshold,
}
"""By the configuration's class. Each takes that configuration and a problem; CONTRIBUTING says how to add one."""
