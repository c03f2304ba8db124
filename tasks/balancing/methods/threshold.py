"""`method: threshold`."""

from __future__ import annotations

from tasks.balancing.config import ThresholdConfig
from tasks.balancing.diagnostics import normalised
from tasks.balancing.law.threshold_stream import threshold_stream
from tasks.balancing.methods.problem import Answer, Problem
from tasks.balancing.targets import capped


def by_threshold(config: ThresholdConfig, problem: Problem) -> Answer:
    """MetaCLIP's rule. It aims at no marginal; beside it stands the capped target of its t, which it is used for."""
    law, balance = threshold_stream(config, problem.stream, problem.seen)
    assert balance.threshold is not None
    return Answer(law, balance, normalised(capped(problem.seen.measure(config.unit), balance.threshold)))
