"""MetaCLIP's rule on a stream: the probabilities need the counts alone, and a wanted size some passes more."""

from __future__ import annotations

import numpy as np

from tasks.balancing.config import ThresholdConfig
from tasks.balancing.law.law import Law
from tasks.balancing.law.measure import measure_law
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import Census
from tasks.balancing.result import Balance
from tasks.balancing.threshold_rule import (
    SIZE_TOLERANCE,
    keyword_probability,
    solve_threshold,
    threshold_for_tail_share,
)


def threshold_stream(config: ThresholdConfig, stream: MatchStream, seen: Census) -> tuple[Law, Balance]:
    """The law `1 − Π_j (1 − min(1, t / count_j))`, and a `Balance` without weights.

    Raises:
        InputError: a size above the matched captions.
    """

    def law_of(t: float) -> Law:
        with np.errstate(divide="ignore"):
            log_missed = np.log1p(-keyword_probability(seen.counts, t))
        return Law("kept", "pairs", seen.matched, float(seen.matched), log_missed)

    if config.size is not None:
        t = solve_threshold(
            lambda tried: measure_law(law_of(tried), stream).total,
            size=float(config.size),
            matched=seen.matched,
            matches=seen.matches,
            largest=float(seen.counts.max()),
        )
    else:
        t = config.t if config.t is not None else threshold_for_tail_share(seen.counts, float(config.tail_share or 0))
    law = law_of(t)
    found = measure_law(law, stream)
    residual = 0.0 if config.size is None else abs(found.total - config.size) / config.size
    balance = Balance(
        weight=np.zeros(0),
        inclusion=None,
        column_marginal=found.columns / max(float(found.columns.sum()), 1e-300),
        log_scale=np.log(keyword_probability(seen.counts, t)),
        converged=residual <= SIZE_TOLERANCE,
        residual=residual,
        row_residual=0.0,
        column_residual=0.0,
        iterations=0,
        reason=f"every caption has its probability under t = {t:g}; {found.total:.1f} captions expected",
        effective_sample_size=found.effective_sample_size,
        design_effect=seen.matched / found.effective_sample_size,
        history=(),
        infeasible=(),
        unit="pairs",
        threshold=t,
    )
    return Law("kept", "pairs", seen.matched, found.total, law.vector), balance
