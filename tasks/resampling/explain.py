"""One caption's story through resampling: its draw, its copies, and the shard it lies in, or why it was dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.draws import uniform
from storage.tables.shards import read_table
from tasks.resampling.config import ResamplingConfig
from tasks.resampling.stats import ScaleStats


@dataclass(frozen=True)
class SelectionStory:
    """What resampling did to one caption.

    Attributes:
        id: the caption.
        weight: its weight from balancing (mean 1), or None if it had none.
        expected_copies: expectation of its multiplicity.
        draw: its uniform draw in [0, 1), where the method draws for each caption (poisson, residual).
        multiplicity: copies in the selection, 0 if it was dropped.
        shard: the curated shard that holds it, if one does.
        row: its place in that shard.
        dropped: why it is not there, or None.
    """

    id: int
    weight: float | None = None
    expected_copies: float | None = None
    draw: float | None = None
    multiplicity: int = 0
    shard: str | None = None
    row: int | None = None
    dropped: str | None = None


def explain_selection(
    id_: int,
    weight: float | None,
    chosen: Mapping[str, Any] | None,
    *,
    stats: ScaleStats,
    config: ResamplingConfig,
    curated: Sequence[Path] = (),
) -> SelectionStory:
    """The story of one caption.

    Args:
        id_: the caption's id.
        weight: from balancing (mean 1); None where it has none.
        chosen: its row of the `selection` table; None where it was not drawn.
        stats: figures of `scale`.
        config: what was asked for.
        curated: the curated shards (`curated-*`, and `validation-*` if any), in order.
    """
    if weight is None:
        return SelectionStory(id_, dropped="has no weight: it matches no keyword, or is gone")
    expected, value = expected_copies(weight, stats), None
    if config.method in ("poisson", "residual"):
        value = float(uniform(np.array([id_], dtype=np.uint64), seed=config.seed, purpose=config.method)[0])
    story = SelectionStory(id_, weight, expected, value)
    if chosen is None:
        reason = f"not drawn: {expected:.4g} copies were expected"
        if value is not None:
            reason += f", and its draw {value:.4f} is not below {expected - np.floor(expected):.4f}"
        return replace(story, dropped=reason)
    story = replace(story, multiplicity=chosen["multiplicity"])
    for path in curated:
        place = pc.index(read_table([path], ["id"]).column("id"), pa.scalar(id_, pa.uint64())).as_py()
        if place >= 0:
            return replace(story, shard=path.name, row=place)
    return story


def expected_copies(weight: float, stats: ScaleStats) -> float:
    """`min(limit, c · w)`, or the law's own expectation where that is used as it is."""
    if stats.own_inclusion:
        return weight * stats.mean
    return weight * stats.scale if stats.limit is None else min(stats.limit, weight * stats.scale)
