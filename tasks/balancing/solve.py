"""From a configuration to a law: the method's answer, and what its law makes of the captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tasks.balancing.config import BalancingMethod
from tasks.balancing.diagnostics import normalised
from tasks.balancing.law.law import Law
from tasks.balancing.law.measure import measure_law
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.methods.problem import Problem
from tasks.balancing.methods.table import METHODS
from tasks.balancing.raking.census import Census, census
from tasks.balancing.result import Balance
from tasks.balancing.stats import MatrixFacts
from tasks.balancing.tables import Marginals

MOST_MATCHES_WHOLE = 1 << 23
"""Up to here the matches are also held as one matrix, and looked at for components and, up to a million, for flows."""


@dataclass(frozen=True)
class Solution:
    """What a configuration asks for, solved.

    Attributes:
        law: a caption's weight as a function of its keywords.
        balance: what was reached, without weights.
        seen: the counts of the captions.
        marginals: of the keywords, before, aimed at, and expected.
        expected_size: captions that the law itself expects, copies included; None for raking.
        facts: what the matrix allows, as far as it was looked at.
    """

    law: Law
    balance: Balance
    seen: Census
    marginals: Marginals
    expected_size: float | None
    facts: MatrixFacts


def solve(config: BalancingMethod, stream: MatchStream, texts: Sequence[str]) -> Solution:
    """The law that a configuration asks for. Every iteration of every method is a pass over the stream.

    Raises:
        InputError: no caption matches any keyword, or a target, size or band that cannot be.
        NotImplementedError: a method that no function answers.
    """
    if (answers := METHODS.get(type(config))) is None:
        raise NotImplementedError(
            f"no function answers {type(config).__name__}; name one in METHODS of tasks/balancing/methods/table.py"
        )
    seen = census(stream)
    answer = answers(
        config, Problem(stream, seen, texts, stream.whole() if seen.matches <= MOST_MATCHES_WHOLE else None)
    )
    found = measure_law(answer.law, stream)
    law = replace(answer.law, largest=found.largest)
    margins = Marginals(
        seen.counts,
        normalised(seen.measure(config.unit)),
        answer.goal,
        normalised(found.columns),
        seen.matched,
        found.largest / law.mean,
    )
    expected = found.total if law.gives_copies else None
    return Solution(law, answer.balance, seen, margins, expected, answer.facts)
