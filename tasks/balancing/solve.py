"""From a configuration to weights: the one place where methods and targets are chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.calibration.calibrate import calibrate
from tasks.balancing.calibration.to_size import calibrate_to_size
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
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.raking.rake import rake
from tasks.balancing.result import Balance, Unit
from tasks.balancing.targets import base_measure, capped, from_table, mixture, tempered, uniform
from tasks.balancing.threshold_rule import threshold, threshold_for_tail_share


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


def solve(
    config: RakeConfig | CalibrateConfig | ThresholdConfig, matrix: Incidence, texts: Sequence[str], *, workers: int = 1
) -> tuple[Balance, Floats]:
    """The weights that a configuration asks for, and the target marginal `[m]` (sums to 1) to compare with.

    Threshold aims at no marginal; beside it stands the capped target of its `t`, which is what it is used for.

    Args:
        config: the method and its target.
        matrix: the matched captions.
        texts: `[m]` keywords, for targets from files.
        workers: threads of raking; the result does not depend on them.
    """
    base = base_measure(matrix, unit_of(config))
    if isinstance(config, RakeConfig):
        goal = normalised(target_masses(config.target, base, texts))
        balance = rake(
            matrix.indptr,
            matrix.indices,
            columns=matrix.columns,
            column_target=goal,
            steps=config.steps,
            initial=config.initial,
            tolerance=config.tolerance,
            workers=workers,
        )
        return balance, goal
    if isinstance(config, ThresholdConfig):
        t = config.t
        if config.tail_share is not None:
            t = threshold_for_tail_share(matrix.counts, config.tail_share)
        balance = threshold(matrix.indptr, matrix.indices, columns=matrix.columns, t=t, size=config.size)
        assert balance.threshold is not None
        return balance, normalised(capped(base, balance.threshold))
    masses = target_masses(config.target, base, texts)
    cap = math.inf if config.cap is None else config.cap
    if config.size is None:
        balance = calibrate(
            matrix.indptr,
            matrix.indices,
            columns=matrix.columns,
            lower=masses * (1 - config.slack),
            upper=masses * (1 + config.slack),
            bounds=(0.0, cap),
            priority=config.priority,
            price=config.price,
            tolerance=config.tolerance,
            iterations=config.iterations,
        )
    else:
        balance = calibrate_to_size(
            matrix.indptr,
            matrix.indices,
            columns=matrix.columns,
            target=masses,
            size=config.size,
            slack=config.slack,
            cap=cap,
            effective_size=config.effective_sample_size,
            priority=config.priority,
            price=config.price,
            tolerance=config.tolerance,
            iterations=config.iterations,
        )
    return balance, normalised(masses)
