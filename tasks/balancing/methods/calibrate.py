"""`method: calibrate`."""

from __future__ import annotations

from tasks.balancing.calibration.calibrate_stream import calibrate_stream
from tasks.balancing.config import CalibrateConfig
from tasks.balancing.diagnostics import normalised
from tasks.balancing.methods.problem import Answer, Problem
from tasks.balancing.targets import target_masses


def by_calibration(config: CalibrateConfig, problem: Problem) -> Answer:
    """Bands around the target's counts."""
    masses = target_masses(config.target, problem.seen.measure(config.unit), problem.texts)
    law, balance = calibrate_stream(config, problem.stream, problem.seen, masses)
    return Answer(law, balance, normalised(masses))
