"""What the matrix itself allows: components, spectral gap, and whether both margins can be met."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence

from tasks.arrays import Floats
from tasks.balancing.feasibility.components import components
from tasks.balancing.feasibility.max_flow import feasibility
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.stats import MatrixFacts
from tasks.balancing.theory.pair_measure import scaled_measure
from tasks.balancing.theory.spectrum import spectrum

MOST_MATCHES = 1_000_000


def survey(
    matrix: Incidence,
    weigh: Callable[[Incidence], Floats],
    log_scale: Floats,
    target: Floats,
    texts: Sequence[str],
) -> MatrixFacts:
    """The facts of a matrix; those that take more than a pass only up to a million matches (else None).

    `margin_deficit` is the share of mass that no weighting of *pairs* can bring to equal captions and the target at
    once (maximum flow), and `blocking` the set of keywords that proves it. `second_singular_value` is that of the
    balanced measure's largest component; its square is the rate at which raking's error shrinks.

    Args:
        matrix: the captions.
        weigh: the weights `[n]` of the balanced measure, of captions with keywords.
        log_scale: `[m]`, the keywords' log scalings.
        target: `[m]`, sums to 1.
        texts: `[m]`, the keywords.
    """
    parts = components(matrix.indptr, matrix.indices, matrix.columns)
    facts = MatrixFacts(components=parts.number, largest_component=float(parts.rows[0] / parts.rows.sum()))
    if len(matrix.indices) > MOST_MATCHES:
        return facts
    matrix = matrix.take(np.flatnonzero(matrix.degrees))
    flow = feasibility(matrix.indptr, matrix.indices, row_target=None, column_target=target)
    blocking = None if flow.blocking is None else flow.blocking.sentence(texts, shares=True)
    facts = facts.model_copy(update={"margin_deficit": flow.deficit, "blocking": blocking})
    measure = scaled_measure(matrix.indptr, matrix.indices, weigh(matrix), log_scale)
    try:
        found = spectrum(measure, most=8, tolerance=1e-4)
    except ArpackNoConvergence:
        return facts
    return facts.model_copy(
        update={"second_singular_value": float(found.second[0]), "predicted_rate": found.predicted_rate}
    )
