"""What a selection really holds: keyword counts, their marginal, and its distance from the target.

The reference code's figure shows the target in place of this; here nothing is reported that was not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.arrays import Floats, Integers
from tasks.balancing.diagnostics import (
    effective_sample_size,
    expected_marginal,
    kullback_leibler,
    normalised,
    total_variation,
)
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.result import Unit


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
    counts: Integers
    size: int
    distinct: int
    duplicates: int
    effective_sample_size: float
    total_variation: float
    kl: float
    lost: int


def realise(matrix: Incidence, multiplicity: npt.ArrayLike, target: npt.ArrayLike, unit: Unit) -> Realised:
    """Count what a selection holds.

    Args:
        matrix: the matched captions.
        multiplicity: `[n]` copies of each.
        target: `[m]`, any scale.
        unit: "pairs" compares keyword counts, "rows" captions split over their keywords.
    """
    copies, goal = np.asarray(multiplicity, dtype=np.float64), normalised(target)
    marginal = expected_marginal(matrix, copies, unit)
    counts = np.bincount(matrix.indices, weights=np.repeat(copies, matrix.degrees), minlength=matrix.columns)
    size, distinct = int(copies.sum()), int(np.count_nonzero(copies))
    return Realised(
        marginal=marginal,
        counts=counts.astype(np.int64),
        size=size,
        distinct=distinct,
        duplicates=size - distinct,
        effective_sample_size=effective_sample_size(copies),
        total_variation=total_variation(marginal, goal),
        kl=kullback_leibler(goal, marginal),
        lost=int(np.count_nonzero((goal > 0) & (counts == 0))),
    )
