"""What a selection really holds: keyword counts, their marginal, and its distance from the target.

The reference code's figure shows the target in place of this; here nothing is reported that was not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.arrays import Floats, Int64s
from tasks.balancing.diagnostics import kullback_leibler, normalised, total_variation
from tasks.balancing.result import Unit
from tasks.resampling.selection.choose import Tally


@dataclass(frozen=True)
class Realised:
    """A selection's keyword marginal beside the target.

    Attributes:
        marginal: `[m]`, sums to 1, in the unit of the balancing.
        counts: `[m]` copies that hold each keyword.
        size: copies in all.
        distinct: different captions.
        duplicates: the difference of the two.
        effective_sample_size: Kish, of the multiplicities.
        total_variation: distance to the target.
        kl: KL(target ‖ realised) in nats, infinite if a keyword was lost.
        lost: keywords with a target that no selected caption holds.
    """

    marginal: Floats
    counts: Int64s
    size: int
    distinct: int
    duplicates: int
    effective_sample_size: float
    total_variation: float
    kl: float
    lost: int


def realise(tally: Tally, target: Floats, unit: Unit) -> Realised:
    """What was counted, beside the target.

    Args:
        tally: counts of all that was drawn.
        target: `[m]`, any scale.
        unit: "pairs" compares keyword counts, "rows" captions split over their keywords.
    """
    goal = normalised(target)
    marginal = normalised((tally.counts if unit == "pairs" else tally.split).astype(np.float64))
    return Realised(
        marginal=marginal,
        counts=tally.counts,
        size=tally.size,
        distinct=tally.distinct,
        duplicates=tally.size - tally.distinct,
        effective_sample_size=tally.size * tally.size / tally.squares if tally.squares else 0.0,
        total_variation=total_variation(marginal, goal),
        kl=kullback_leibler(goal, marginal),
        lost=int(np.count_nonzero((goal > 0) & (tally.counts == 0))),
    )
