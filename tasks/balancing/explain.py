"""One caption's story through balancing: its keywords with counts and targets, and its weight after every step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.shards import read_table
from tasks.arrays import Floats, Keywords
from tasks.balancing.stats import BalanceStats


@dataclass(frozen=True)
class KeywordStory:
    """One keyword of a caption.

    Attributes:
        entry: its number.
        text: its text.
        count: captions that hold it.
        observed: its share before balancing.
        target: the share aimed at.
        balanced: the share that the weights lead to expect of a selection.
        realised: its share in the selection, once there is one.
        log_scale: log of its scaling factor.
    """

    entry: int
    text: str
    count: int
    observed: float | None
    target: float | None
    balanced: float | None
    realised: float | None
    log_scale: float | None


@dataclass(frozen=True)
class WeightAtStep:
    """The caption's weight (mean 1) after one half step; step 0 is the starting measure."""

    step: int
    side: str
    weight: float


@dataclass(frozen=True)
class BalancingStory:
    """What balancing did to one caption.

    Attributes:
        id: the caption.
        keywords: what it holds.
        weight: its weight (mean 1), or None if it has none.
        expected_copies: set where the method itself gives them (threshold, calibrate).
        steps: its weight after each recorded half step (rake).
        dropped: why it has no weight, or None.
    """

    id: int
    keywords: tuple[KeywordStory, ...]
    weight: float | None
    expected_copies: float | None
    steps: tuple[WeightAtStep, ...]
    dropped: str | None


def explain_balancing(
    id_: int, held: Keywords | None, *, balanced: Path, stats: BalanceStats, entries: Path
) -> BalancingStory:
    """The story of one caption.

    Args:
        id_: the caption's id.
        held: the numbers of its keywords; None where the row is gone.
        balanced: directory of the `balance` stage's output.
        stats: that manifest's figures.
        entries: a keyword table with `realised` filled.
    """
    if held is None:
        return BalancingStory(id_, (), None, None, (), "gone before matching: see rejected.parquet of `drop`")
    if len(held) == 0:
        return BalancingStory(id_, (), None, None, (), "matches no keyword, so it has no mass")
    from tasks.balancing.law.law import NUMBERS, VECTORS, Law  # numba: only where a weight is made

    table = read_table([entries])
    keywords = tuple(_keyword(table, int(entry)) for entry in held)
    law = Law.read(balanced / VECTORS, balanced / NUMBERS)
    mass = float(law.mass(np.array([0, len(held)]), held)[0])
    steps = _replay(held, balanced / "potentials.parquet", stats)
    return BalancingStory(id_, keywords, mass / law.mean, mass if law.gives_copies else None, steps, None)


def _keyword(table: pa.Table, entry: int) -> KeywordStory:
    row = table.slice(entry, 1).to_pylist()[0]
    names = ("text", "count", "observed", "target", "balanced", "realised", "log_scale")
    return KeywordStory(entry, *(row[name] for name in names))


def _replay(held: Keywords, potentials: Path, stats: BalanceStats) -> tuple[WeightAtStep, ...]:
    """The weight after each recorded half step, from the keywords' potentials alone."""
    from tasks.balancing.raking.blocks import Block  # here: most stories need no kernel
    from tasks.balancing.raking.row_passes import block_row_mass

    if not potentials.is_file():
        return ()
    mass = 1.0 / (stats.matched if stats.unit == "rows" else stats.matches)
    block = Block(np.array([0, len(held)]), held, np.array([1.0 / stats.matched]))
    reference: Floats | None = None
    story = []
    for row in read_table([potentials]).to_pylist():
        current = np.array(row["log_scale"])
        reference = current if row["side"] == "x" else reference
        weight, _ = block_row_mass(block, reference=reference, current=current, unit=stats.unit, mass=mass)
        story.append(WeightAtStep(row["step"], row["side"], float(weight[0]) * stats.matched))
    return tuple(story)
