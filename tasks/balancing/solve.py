"""From a configuration to weights: the one place where methods and targets are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.calibration.calibrate_stream import calibrate_stream
from tasks.balancing.config import (
    CalibrateConfig,
    CappedTarget,
    FileTarget,
    MixtureTarget,
    RakeConfig,
    Target,
    TemperedTarget,
    ThresholdConfig,
)
from tasks.balancing.diagnostics import normalised
from tasks.balancing.law.law import Law
from tasks.balancing.law.measure import measure_law
from tasks.balancing.law.rake_stream import rake_stream
from tasks.balancing.law.threshold_stream import threshold_stream
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import Census, census
from tasks.balancing.result import Balance, Unit
from tasks.balancing.stats import MatrixFacts
from tasks.balancing.tables import Marginals
from tasks.balancing.targets import capped, from_table, mixture, tempered, uniform

MOST_MATCHES_WHOLE = 1 << 23
"""Up to here the matches are also held as one matrix, and looked at for components and, up to a million, for flows."""


def target_masses(config: Target, base: Floats, texts: Sequence[str]) -> Floats:
    """The configured target `[m]` for a base measure `[m]`, in the base's units (captions); a mixture sums to 1.

    Raises:
        InputError: a file target that cannot be used, or a target without any mass.
    """
    if isinstance(config, CappedTarget):
        masses = capped(base, config.t)
    elif isinstance(config, TemperedTarget):
        masses = tempered(base, config.alpha)
    elif isinstance(config, FileTarget):
        masses = from_table(config.checked_path(), texts)
    elif isinstance(config, MixtureTarget):
        parts = [target_masses(part.target, base, texts) for part in config.parts]
        masses = mixture(parts, [part.share for part in config.parts])
    else:
        masses = uniform(base)
    if not float(masses.sum()) > 0:
        raise InputError("the target gives no mass to any keyword; check the target and the keyword list")
    return masses


def unit_of(config: RakeConfig | CalibrateConfig | ThresholdConfig) -> Unit:
    """The units in which a method's marginals are compared: keyword counts, except for raking from equal rows."""
    return config.initial if isinstance(config, RakeConfig) else "pairs"


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


def solve(
    config: RakeConfig | CalibrateConfig | ThresholdConfig, stream: MatchStream, texts: Sequence[str]
) -> Solution:
    """The law that a configuration asks for. Every iteration of every method is a pass over the stream.

    Threshold aims at no marginal; beside it stands the capped target of its `t`, which is what it is used for.

    Raises:
        InputError: no caption matches any keyword, or a target, size or band that cannot be.
    """
    seen = census(stream)
    unit = unit_of(config)
    base = seen.measure(unit)
    whole = stream.whole() if seen.matches <= MOST_MATCHES_WHOLE else None
    if isinstance(config, ThresholdConfig):
        law, balance = threshold_stream(config, stream, seen)
        assert balance.threshold is not None
        goal = normalised(capped(base, balance.threshold))
    elif isinstance(config, RakeConfig):
        goal = normalised(target_masses(config.target, base, texts))
        law, balance = rake_stream(
            stream,
            seen,
            column_target=goal,
            steps=config.steps,
            initial=config.initial,
            tolerance=config.tolerance,
            whole=whole,
        )
    else:
        masses = target_masses(config.target, base, texts)
        goal = normalised(masses)
        law, balance = calibrate_stream(config, stream, seen, masses)
    found = measure_law(law, stream)
    law = replace(law, largest=found.largest)
    margins = Marginals(
        seen.counts, normalised(base), goal, normalised(found.columns), seen.matched, found.largest / law.mean
    )
    facts = MatrixFacts()
    if isinstance(config, RakeConfig) and whole is not None:
        from tasks.balancing.theory.convergence_facts import survey

        facts = survey(whole, lambda held: law.weights(held.indptr, held.indices), balance.log_scale, goal, texts)
    return Solution(law, balance, seen, margins, found.total if law.gives_copies else None, facts)
