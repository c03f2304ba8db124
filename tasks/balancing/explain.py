"""One caption's story through balancing: its keywords with counts and targets, and its weight after every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
    id_: int, *, balanced: Path, stats: BalanceStats, matches: Sequence[Path], entries: Path | None = None
) -> BalancingStory:
    """The story of one id.

    Args:
        id_: the caption's id.
        balanced: directory of the `balance` stage's output.
        stats: that manifest's figures.
        matches: shards of the `matches` table.
        entries: a keyword table with `realised` filled (of the `select` stage); that of `balanced` otherwise.
    """
    held = keywords_of(id_, matches)
    if held is None:
        return BalancingStory(id_, (), None, None, (), "not in the matches: it was rejected or never ingested")
    if len(held) == 0:
        return BalancingStory(id_, (), None, None, (), "matches no keyword, so it has no mass")
    table = read_table([entries or balanced / "entries.parquet"])
    keywords = tuple(_keyword(table, int(entry)) for entry in held)
    row = _row(sorted(balanced.glob("weights-*.parquet")), id_)
    if row is None:
        return BalancingStory(id_, keywords, None, None, (), "taken down: it is on the tombstone list")
    steps = _replay(held, balanced / "potentials.parquet", stats)
    return BalancingStory(id_, keywords, row["weight"], row["inclusion"], steps, None)


def keywords_of(id_: int, matches: Sequence[Path]) -> Keywords | None:
    """The keyword numbers of one caption, or None if no shard has it."""
    row = _row(matches, id_)
    return None if row is None else np.asarray(row["entries"], dtype=np.uint32)


def _row(paths: Sequence[Path], id_: int) -> dict | None:
    for path in paths:
        table = read_table([path])
        found = table.filter(pc.equal(table.column("id"), pa.scalar(id_, pa.uint64())))
        if found.num_rows:
            row: dict = found.to_pylist()[0]
            return row
    return None


def _keyword(table: pa.Table, entry: int) -> KeywordStory:
    row = table.slice(entry, 1).to_pylist()[0]
    names = ("text", "count", "observed", "target", "balanced", "realised", "log_scale")
    return KeywordStory(entry, *(row[name] for name in names))


def _replay(held: Keywords, potentials: Path, stats: BalanceStats) -> tuple[WeightAtStep, ...]:
    """The weight after each recorded half step, from the keywords' potentials alone."""
    from tasks.balancing.raking.row_passes import Block, block_row_mass  # here: most stories need no kernel

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
