"""Raking on a stream: each pass brings back one vector per keyword, and the result is a law.

The same iteration as `rake` in memory and the same result to rounding (1e-12): only the order of addition differs,
because it follows the blocks. Memory is some blocks and some vectors `[m]` for each worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from tasks.arrays import Floats
from tasks.balancing.feasibility.components import component_obstacles, components
from tasks.balancing.feasibility.obstacles import RELATIVE, shard_obstacles
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.checks import checked_target, half_steps
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.blocks import StreamedBlock
from tasks.balancing.raking.census import Census
from tasks.balancing.raking.iterate import Problem, iterate
from tasks.balancing.raking.row_passes import Rows, Start
from tasks.balancing.result import Balance, Unit


def rake_stream(
    stream: MatchStream,
    seen: Census,
    *,
    column_target: Floats,
    steps: int | Sequence[Literal["x", "y"]],
    initial: Unit = "rows",
    tolerance: float | None = None,
    whole: Incidence | None = None,
) -> tuple[Law, Balance]:
    """`rake` with equal row targets, on a stream of matches.

    Args:
        stream: the matches.
        seen: their `census`.
        column_target: `[m]` masses P_Y, in the units of the starting measure.
        steps: half steps in order, or a number k of steps x, y, x, …; with a `tolerance` the most that is made.
        initial: equal captions ("rows") or equal matches ("pairs") to start from.
        tolerance: stop when the L1 distance of both margins is at most this; None makes exactly `steps`.
        whole: the same matches as one matrix, where they fit: obstacles are then looked for among whole components
            too, and not only keyword by keyword.

    Returns:
        The law, and a `Balance` without weights.
    """
    goal = checked_target(column_target, stream.columns, "column_target")
    goal = goal / float(goal.sum())
    order = half_steps(steps)
    found = shard_obstacles(seen.counts, seen.alone, seen.matched, goal)
    if whole is not None and "x" in order and "y" in order:
        equal = (whole.degrees > 0) / seen.matched
        parts = components(whole.indptr, whole.indices, whole.columns)
        found += tuple(component_obstacles(parts, equal, goal, RELATIVE))
    sources = [StreamedBlock(stream, number, 1.0 / seen.matched) for number in range(len(stream))]
    rows = Rows(sources, stream.columns, initial, seen.unit_mass(initial), stream.mapper, start=_start(seen, initial))
    limit = None if tolerance is None else float(tolerance)
    balance = iterate(Problem(rows, goal, seen.matched, found, limit, keep_weights=False), order)
    law = Law(
        "split",
        initial,
        seen.matched,
        balance.average * seen.matched,
        balance.log_scale,
        reference=balance.reference,
        start=seen.unit_mass(initial),
    )
    return law, balance


def _start(seen: Census, initial: Unit) -> Start:
    """The starting measure, as the census has it; captions of as many keywords have as much of it."""
    mass, target = seen.unit_mass(initial), 1.0 / seen.matched
    keywords = np.arange(1, len(seen.lengths))
    masses = mass * (np.ones(len(keywords)) if initial == "rows" else keywords)
    held = seen.lengths[1:]
    kl = float((held * (target * np.log(target / masses) - target + masses)).sum())
    return Start(mass * seen.measure(initial), (float((held * np.abs(target - masses)).sum()), max(kl, 0.0)))
