"""Raking: iterative proportional fitting of the caption–keyword measure to a row and a keyword target.

*The Benefits of Balance*, arXiv 2408.15065, eq. (3): `R⁰ = K` normalised, then alternately
`R ← P_X ⊗ R_{Y|X}` (a half step "x") and `R ← R_{X|Y} ⊗ P_Y` ("y"). Everything is kept as log potentials: after a
half step "x" the row scalings follow from the keywords' potentials at that moment, so the state is two vectors `[m]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arguments import not_negative, one_of, whole
from tasks.balancing.feasibility.obstacles import obstacles
from tasks.balancing.matrix.checks import checked_matrix, checked_target, half_steps
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.raking.blocks import blocks_of
from tasks.balancing.raking.grouped_rows import WORTHWHILE, group_rows
from tasks.balancing.raking.iterate import Problem, iterate
from tasks.balancing.raking.row_passes import Rows
from tasks.balancing.result import Balance, Unit


def rake(  # noqa: PLR0913  the matrix, the two targets and where to stop are what raking is; `workers` is no knob of it
    indptr: npt.ArrayLike,
    indices: npt.ArrayLike,
    *,
    columns: int,
    row_target: npt.ArrayLike | None = None,
    column_target: npt.ArrayLike,
    steps: int | Sequence[Literal["x", "y"]],
    initial: Unit = "rows",
    tolerance: float | None = None,
    workers: int = 1,
) -> Balance:
    """Alternating half steps of data balancing on a 0/1 matrix in compressed rows.

    Args:
        indptr: `[n + 1]`, offsets; captions without keywords are allowed and get weight 0.
        indices: `[nnz]`, keyword numbers, unique within a caption.
        columns: number of keywords m.
        row_target: `[n]` masses P_X, or None for equal masses over captions that hold a keyword.
        column_target: `[m]` masses P_Y, in the units of the starting measure (`targets` makes them); both
            targets must have the same sum.
        steps: half steps in order, such as `("y",)`; a number k means x, y, x, … as in the paper. With a
            `tolerance` it is the most that is made.
        initial: "rows", equal captions that split their mass equally over their keywords (the paper's), or
            "pairs", equal mass for each match.
        tolerance: stop when the L1 distance of both margins is at most this; None makes exactly `steps`.
        workers: threads; the result does not depend on them.

    Returns:
        A `Balance` whose `weight` is each caption's mass over their mean. `converged` means that *both* margins were
        measured at the end and lie within the tolerance (1e-8 when none is given) in L1, and that no obstacle was
        found. It is False after a few half steps asked for as such, of which `reason` says how far they came.

    Raises:
        InputError: a malformed matrix (a keyword twice in a caption, say), or a target of the wrong length, negative or
            not finite; a name, a number of workers or a tolerance that cannot be.

    Example:
        >>> import numpy as np
        >>> from equipoise import rake
        >>> indptr, indices = np.array([0, 1, 2, 3, 4]), np.array([0, 0, 0, 1])  # three captions of cats, one of a dog
        >>> balance = rake(indptr, indices, columns=2, column_target=np.array([0.5, 0.5]), steps=["y"])
        >>> balance.weight.round(3).tolist()
        [0.667, 0.667, 0.667, 2.0]
    """
    one_of(initial, get_args(Unit), "initial")
    workers = whole(workers, "workers", least=1)
    limit = None if tolerance is None else not_negative(tolerance, "tolerance")
    offsets, keywords = checked_matrix(indptr, indices, columns)
    order = half_steps(steps)
    degrees = np.diff(offsets)
    goal = checked_target(column_target, columns, "column_target")
    matched = int(np.count_nonzero(degrees))
    if matched == 0:
        raise InputError("no caption matches any keyword, so there is nothing to balance; check the keyword list")
    if row_target is None:
        total, masses = 1.0, np.array([1.0 / matched])
    else:
        masses = checked_target(row_target, len(degrees), "row_target")
        total = float(goal.sum()) / float(masses.sum())
        masses = masses / float(masses.sum())
    goal = goal / float(goal.sum()) * total
    mass = 1.0 / matched if initial == "rows" else 1.0 / len(keywords)
    both = "x" in order and "y" in order
    found = obstacles(offsets, keywords, row_target=masses, column_target=goal, connected=both)
    grouped = group_rows(offsets, keywords, masses, columns) if order.count("x") >= WORTHWHILE else None
    rows = Rows(blocks_of(offsets, keywords, masses), columns, initial, mass, mapped(workers), grouped)
    return iterate(Problem(rows, goal, matched, found, limit), order)
