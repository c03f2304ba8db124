"""`method: rake`, and what the matrix lets raking reach."""

from __future__ import annotations

from tasks.balancing.config import RakeConfig
from tasks.balancing.diagnostics import normalised
from tasks.balancing.law.rake_stream import rake_stream
from tasks.balancing.methods.problem import Answer, Problem
from tasks.balancing.stats import MatrixFacts
from tasks.balancing.targets import target_masses


def by_raking(config: RakeConfig, problem: Problem) -> Answer:
    """Half steps towards the target; a matrix that is held whole is also surveyed."""
    goal = normalised(target_masses(config.target, problem.seen.measure(config.unit), problem.texts))
    law, balance = rake_stream(
        problem.stream,
        problem.seen,
        column_target=goal,
        steps=config.steps,
        initial=config.initial,
        tolerance=config.tolerance,
        whole=problem.whole,
    )
    facts = MatrixFacts()
    if problem.whole is not None:
        from tasks.balancing.theory.convergence_facts import survey

        facts = survey(
            problem.whole, lambda held: law.weights(held.indptr, held.indices), balance.log_scale, goal, problem.texts
        )
    return Answer(law, balance, goal, facts)
