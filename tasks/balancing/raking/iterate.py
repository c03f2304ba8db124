"""The iteration of raking: half steps on two vectors, measured as they go, and what was reached said honestly.

All it asks of the rows is passes that return one vector `[m]`, so that it is the same in memory and on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tasks.arrays import Floats
from tasks.balancing.diagnostics import kullback_leibler, normalised
from tasks.balancing.raking.kernels import fitted_potential
from tasks.balancing.raking.row_passes import RowFigures, Rows
from tasks.balancing.raking.stopping import Monitor, recorded
from tasks.balancing.result import Balance, Blocking, Side, Step

DEFAULT_TOLERANCE = 1e-8
KEPT_POTENTIALS = 16
LEAST_MASS = 1e-150  # below it, targets on the held keywords are as good as zero


@dataclass(frozen=True)
class Problem:
    """What is to be raked, and to what.

    Attributes:
        rows: the captions and the starting measure.
        target: `[m]` keyword masses, with the row targets' sum.
        matched: captions that hold a keyword.
        obstacles: what stands in the way, as far as it was looked for.
        tolerance: the L1 distance of both margins at which to stop; None makes every half step.
        keep_weights: gather the weights; without, they are only summed, to be made shard by shard afterwards.
    """

    rows: Rows
    target: Floats
    matched: int
    obstacles: tuple[Blocking, ...]
    tolerance: float | None
    keep_weights: bool = True


@dataclass
class _State:
    """The measure `R_ij = u_i e^{current_j}`.

    Attributes:
        current: `[m]` potentials of the keywords.
        reference: `[m]` potentials that `u` was made from; None for the start's.
        sums: `[m]`, `log Σ_i K_ij u_i`.
        stranded: target mass of captions that no keyword can carry.
        history: the steps so far.
        kept: potentials after the first recorded steps.
        figures: sums over the rows as they are now, where they were made and weights are not kept.
    """

    current: Floats
    reference: Floats | None
    sums: Floats
    stranded: float = 0.0
    history: list[Step] = field(default_factory=list)
    kept: list[tuple[int, Floats]] = field(default_factory=list)
    figures: RowFigures | None = None

    @property
    def column_mass(self) -> Floats:
        mass = self.current + self.sums
        np.minimum(mass, 700.0, out=mass)
        return np.exp(mass, out=mass)


def iterate(problem: Problem, order: Sequence[Literal["x", "y"]]) -> Balance:
    """Make the half steps in order, or fewer where the tolerance is met or the residual stands still."""
    rows, target = problem.rows, problem.target
    state = _State(np.zeros(rows.columns), None, rows.log_scale_sums(None)[0])
    _record(problem, state, 0, "start", full=True)
    monitor = Monitor(problem.tolerance)
    with np.errstate(divide="ignore"):
        log_target = np.log(target)
    stopped = None
    for number, side in enumerate(order, start=1):
        if side == "x":
            state.reference = state.current
            state.sums, state.stranded = rows.log_scale_sums(state.reference)
        else:
            state.current = fitted_potential(log_target, state.sums, state.current)
        last = number == len(order)
        step = _record(problem, state, number, side, full=last or recorded(number))
        if not last and (stopped := monitor.stop(step)) is not None:
            break
    return _result(problem, state, stopped)


def _record(problem: Problem, state: _State, number: int, side: Side, *, full: bool) -> Step:
    """Measure both margins (the rows only where `full`) and append to the history."""
    mass = state.column_mass
    row_l1, row_kl, state.figures = (state.stranded if side == "x" else None), None, None
    if full:
        row_l1, row_kl = _row_distance(problem, state, side)
        if len(state.kept) < KEPT_POTENTIALS:
            state.kept.append((number, state.current.copy()))
    column_kl = kullback_leibler(problem.target, mass) if full else None
    step = Step(number, side, row_l1, row_kl, float(np.abs(problem.target - mass).sum()), column_kl)
    state.history.append(step)
    return step


def _row_distance(problem: Problem, state: _State, side: Side) -> tuple[float, float]:
    if side == "start":
        return problem.rows.start_distance()
    if problem.keep_weights:
        return problem.rows.row_distance(state.reference, state.current)
    state.figures = problem.rows.row_figures(state.reference, state.current, problem.matched)
    return state.figures.l1, state.figures.kl


def _row_figures(problem: Problem, state: _State) -> tuple[RowFigures, list[Floats]]:
    """Sums over the rows in their final state; and their masses, a block each, where weights are kept."""
    if not problem.keep_weights:
        known = state.figures or problem.rows.row_figures(state.reference, state.current, problem.matched)
        return known, []
    kept: list[Floats] = []
    l1 = kl = total = squares = 0.0
    for mass, want in problem.rows.row_masses(state.reference, state.current):
        l1 += float(np.abs(want - mass).sum())
        kl += kullback_leibler(want, mass)
        total += float(mass.sum())
        squares += float((mass * problem.matched) @ (mass * problem.matched))
        kept.append(mass)
    return RowFigures(l1, kl, total, squares), kept


def _result(problem: Problem, state: _State, stopped: str | None) -> Balance:
    """Measure both margins of the final state and say what was reached."""
    matched, made = problem.matched, state.history[-1].step
    figures, kept = _row_figures(problem, state)
    row_residual, total, squares = figures.l1, figures.total, figures.squares
    column_residual = float(np.abs(problem.target - state.column_mass).sum())
    residual = max(row_residual, column_residual)
    limit = DEFAULT_TOLERANCE if problem.tolerance is None else problem.tolerance
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
        converged=residual <= limit and not problem.obstacles,
        residual=residual,
        row_residual=row_residual,
        column_residual=column_residual,
        iterations=made,
        reason=_reason(residual, limit, problem.obstacles, stopped, made),
        effective_sample_size=size,
        design_effect=matched / size if size > 0 else float("inf"),
        history=tuple(state.history),
        infeasible=problem.obstacles,
        unit=problem.rows.unit,
        potential_steps=tuple(number for number, _ in state.kept),
        potentials=np.stack([potential for _, potential in state.kept]),
    )


def _reason(residual: float, limit: float, found: tuple[Blocking, ...], stopped: str | None, made: int) -> str:
    if found and residual > limit:
        return "the targets cannot both be met: " + found[0].sentence()
    if found:
        return "the margins are met only in the limit of a degenerate scaling: " + found[0].sentence()
    if residual <= limit:
        return f"both margins lie within {limit:g} of their targets"
    if stopped is not None:
        return stopped
    asked = "one half step" if made == 1 else f"{made} half steps"
    return f"stopped after the {asked} asked for, {residual:.3g} from the targets"
