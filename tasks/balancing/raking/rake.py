"""Raking: iterative proportional fitting of the caption–keyword measure to a row and a keyword target.

*The Benefits of Balance*, arXiv 2408.15065, eq. (3): `R⁰ = K` normalised, then alternately
`R ← P_X ⊗ R_{Y|X}` (a half step "x") and `R ← R_{X|Y} ⊗ P_Y` ("y"). Everything is kept as log potentials: after a
half step "x" the row scalings follow from the keywords' potentials at that moment, so the state is two vectors `[m]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from storage.errors import InputError
from tasks.balancing.diagnostics import kullback_leibler, normalised
from tasks.balancing.feasibility.obstacles import obstacles
from tasks.balancing.matrix.checks import checked_target, half_steps
from tasks.balancing.matrix.incidence import Floats, Integers, check_rows
from tasks.balancing.raking.grouped_rows import WORTHWHILE, group_rows
from tasks.balancing.raking.kernels import fitted_potential
from tasks.balancing.raking.mappers import mapped
from tasks.balancing.raking.row_passes import Rows, blocks_of
from tasks.balancing.raking.stopping import Monitor, recorded
from tasks.balancing.result import Balance, Blocking, Side, Step, Unit

DEFAULT_TOLERANCE = 1e-8
KEPT_POTENTIALS = 16
LEAST_MASS = 1e-150  # below it, targets on the held keywords are as good as zero


def rake(
    indptr: Integers,
    indices: Integers,
    *,
    columns: int,
    row_target: Floats | None = None,
    column_target: Floats,
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
        column_target: `[m]` masses P_Y, in the units of the starting measure (`targets.py` makes them); both
            targets must have the same sum.
        steps: half steps in order, such as `("y",)`; a number k means x, y, x, … as in the paper. With a
            `tolerance` it is the most that is made.
        initial: "rows", equal captions that split their mass equally over their keywords (the paper's), or
            "pairs", equal mass for each match.
        tolerance: stop when the L1 distance of both margins is at most this; None makes exactly `steps`.
        workers: threads; the result does not depend on them.

    Returns:
        A `Balance`. `converged` only if both margins were measured and are within the tolerance (1e-8 when none
        is given) and no obstacle was found; otherwise `reason` says why.

    Raises:
        InputError: malformed matrix, or a target of the wrong length, negative or not finite.
    """
    check_rows(indptr, indices, columns)
    order = half_steps(steps)
    keywords = np.ascontiguousarray(indices, dtype=np.uint32)
    degrees = np.diff(indptr)
    column_target = checked_target(column_target, columns, "column_target")
    total = float(column_target.sum())
    matched = int(np.count_nonzero(degrees))
    if matched == 0:
        raise InputError("no caption matches any keyword, so there is nothing to balance; check the keyword list")
    if row_target is None:
        row_total, targets = 1.0, np.array([1.0 / matched])
    else:
        targets = checked_target(row_target, len(degrees), "row_target")
        row_total = float(targets.sum())
        targets = targets / row_total
        total = total / row_total
    goal = column_target / float(column_target.sum()) * (1.0 if row_target is None else total)
    mass = 1.0 / matched if initial == "rows" else 1.0 / len(indices)
    both = "x" in order and "y" in order
    found = obstacles(indptr, indices, row_target=targets, column_target=goal, connected=both)
    grouped = group_rows(indptr, keywords, targets, columns) if order.count("x") >= WORTHWHILE else None
    rows = Rows(blocks_of(indptr, keywords, targets), columns, initial, mass, mapped(workers), grouped)
    return run(rows, goal, order, matched=matched, tolerance=tolerance, found=found)


@dataclass
class _State:
    """The measure `R_ij = u_i e^{current_j}`, `u` made from the potentials `reference` (None: the start's)."""

    current: Floats
    reference: Floats | None
    sums: Floats
    stranded: float = 0.0
    history: list[Step] = field(default_factory=list)
    kept: list[tuple[int, Floats]] = field(default_factory=list)

    @property
    def column_mass(self) -> Floats:
        mass = self.current + self.sums
        np.minimum(mass, 700.0, out=mass)
        return np.exp(mass, out=mass)


def run(
    rows: Rows,
    target: Floats,
    order: Sequence[Literal["x", "y"]],
    *,
    matched: int,
    tolerance: float | None,
    found: tuple[Blocking, ...],
    keep_weights: bool = True,
) -> Balance:
    """The driver of `rake` and `rake_shards`: all it asks of the rows is passes that return one vector `[m]`.

    Without `keep_weights` the row weights are only summed, for `streaming.shard_weights` to make them shard by shard.
    """
    state = _State(np.zeros(rows.columns), None, rows.log_scale_sums(None)[0])
    _record(rows, state, target, 0, "start", True)
    monitor = Monitor(tolerance)
    with np.errstate(divide="ignore"):
        log_target = np.log(target)
    done, stopped = 0, None
    for number, side in enumerate(order, start=1):
        if side == "x":
            state.reference = state.current
            state.sums, state.stranded = rows.log_scale_sums(state.reference)
        else:
            state.current = fitted_potential(log_target, state.sums, state.current)
        done = number
        last = number == len(order)
        step = _record(rows, state, target, number, side, last or recorded(number))
        if not last and (stopped := monitor.stop(step)) is not None:
            break
    return _result(rows, state, target, matched, tolerance, found, done, stopped, keep_weights)


def _record(rows: Rows, state: _State, target: Floats, number: int, side: Side, full: bool) -> Step:
    """Measure both margins (the rows only where `full`) and append to the history."""
    mass = state.column_mass
    row_l1 = row_kl = None
    if side == "x":
        row_l1 = state.stranded
    if full:
        row_l1, row_kl = rows.row_distance(state.reference, state.current)
        if len(state.kept) < KEPT_POTENTIALS:
            state.kept.append((number, state.current.copy()))
    column_kl = kullback_leibler(target, mass) if full else None
    step = Step(number, side, row_l1, row_kl, float(np.abs(target - mass).sum()), column_kl)
    state.history.append(step)
    return step


def _result(
    rows: Rows,
    state: _State,
    target: Floats,
    matched: int,
    tolerance: float | None,
    found: tuple[Blocking, ...],
    done: int,
    stopped: str | None,
    keep_weights: bool,
) -> Balance:
    """Measure both margins of the final state and say honestly what was reached."""
    kept: list[Floats] = []
    row_residual = total = squares = 0.0
    for mass, want in rows.row_masses(state.reference, state.current):
        row_residual += float(np.abs(want - mass).sum())
        total += float(mass.sum())
        squares += float((mass * matched) @ (mass * matched))
        if keep_weights:
            kept.append(mass)
    column_residual = float(np.abs(target - state.column_mass).sum())
    residual = max(row_residual, column_residual)
    limit = DEFAULT_TOLERANCE if tolerance is None else tolerance
    converged = residual <= limit and not found
    if converged:
        reason = f"both margins lie within {limit:g} of their targets"
    elif found and residual > limit:
        reason = "the targets cannot both be met: " + found[0].sentence()
    elif found:
        reason = "the margins are met only in the limit of a degenerate scaling: " + found[0].sentence()
    elif stopped is not None:
        reason = stopped
    else:
        asked = "one half step" if done == 1 else f"{done} half steps"
        reason = f"stopped after the {asked} asked for, {residual:.3g} from the targets"
    alive = total > LEAST_MASS and squares > 0
    size = (total * matched) ** 2 / squares if alive else 0.0
    weight = np.concatenate(kept) * (matched / total if alive else 0.0) if kept else np.zeros(0)
    return Balance(
        weight=weight,
        inclusion=None,
        column_marginal=normalised(state.column_mass),
        log_scale=state.current,
        reference=state.reference,
        average=total / matched if alive else 1.0,
        converged=converged,
        residual=residual,
        row_residual=row_residual,
        column_residual=column_residual,
        iterations=done,
        reason=reason,
        effective_sample_size=size,
        design_effect=matched / size if size > 0 else float("inf"),
        history=tuple(state.history),
        infeasible=found,
        unit=rows.unit,
        potential_steps=tuple(number for number, _ in state.kept),
        potentials=np.stack([potential for _, potential in state.kept]),
    )
