"""What a method is given, what it answers, and the answer of a method that is nothing but its law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tasks.arrays import Floats
from tasks.balancing.diagnostics import normalised
from tasks.balancing.law.law import Law
from tasks.balancing.law.measure import measure_law
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import Census
from tasks.balancing.result import Balance
from tasks.balancing.stats import MatrixFacts


@dataclass(frozen=True)
class Problem:
    """Captions and their keywords.

    Attributes:
        stream: the matches, to be gone through block by block.
        seen: their census: counts of captions, of keywords, and of both.
        texts: `[m]` the keywords.
        whole: the same matches as one matrix, where they are few enough; None otherwise.
    """

    stream: MatchStream
    seen: Census
    texts: Sequence[str]
    whole: Incidence | None = None


@dataclass(frozen=True)
class Answer:
    """What a method found.

    Attributes:
        law: a caption's weight as a function of its keywords.
        balance: what was reached, without weights.
        goal: `[m]` the keyword marginal that was aimed at, in the unit of the method's configuration; sums to 1.
        facts: what the matrix allows, as far as the method looked.
    """

    law: Law
    balance: Balance
    goal: Floats
    facts: MatrixFacts = field(default_factory=MatrixFacts)


def measured_answer(
    law: Law, problem: Problem, goal: Floats, *, reason: str, iterations: int = 0, tolerance: float | None = None
) -> Answer:
    """The answer of a law that is given: what it reaches is measured, in one pass over the matches.

    Args:
        law: its `total` is measured here; any number will do.
        problem: the captions and their keywords.
        goal: `[m]` the keyword marginal that was aimed at, in the law's unit; sums to 1.
        reason: why the method stopped where it did, a sentence without a full stop.
        iterations: how many passes the method made, if it iterates.
        tolerance: `converged` means that the L1 distance of the expected keyword marginal from the goal is at most
            this; None claims nothing.
    """
    found = measure_law(law, problem.stream)
    reached = normalised(found.columns)
    residual = float(np.abs(reached - goal).sum())
    balance = Balance(
        weight=np.zeros(0),
        inclusion=None,
        column_marginal=reached,
        log_scale=law.vector,
        converged=tolerance is not None and residual <= tolerance,
        residual=residual,
        row_residual=0.0,
        column_residual=residual,
        iterations=iterations,
        reason=reason,
        effective_sample_size=found.effective_sample_size,
        design_effect=problem.seen.matched / found.effective_sample_size,
        history=(),
        infeasible=(),
        unit=law.unit,
    )
    return Answer(replace(law, total=found.total), balance, goal)
