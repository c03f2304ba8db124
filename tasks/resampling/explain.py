"""One caption's story through resampling: its draw, its copies, and the shard it lies in, or why it was dropped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.draws import uniform
from storage.tables.shards import read_table
from tasks.resampling.config import ResamplingConfig
from tasks.resampling.stats import SelectStats


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
    *,
    weights: Sequence[Path],
    selection: Path,
    stats: SelectStats,
    config: ResamplingConfig,
    curated: Sequence[Path] = (),
) -> SelectionStory:
    """The story of one id.

    Args:
        id_: the caption's id.
        weights: shards of the `balance` stage's weights.
        selection: the `selection.parquet` of the `select` stage.
        stats: that manifest's figures.
        config: what that stage was asked for.
        curated: shards of the `curate` stage (`curated-*`, and `validation-*` if any).
    """
    weighted, _ = _find(weights, id_)
    if weighted is None:
        return SelectionStory(id_, dropped="has no weight: it matches no keyword or was taken down")
    expected, value = _expected(weighted, stats, config), None
    if config.method in ("poisson", "residual"):
        value = float(uniform(np.array([id_], dtype=np.uint64), seed=config.seed, purpose=config.method)[0])
    story = SelectionStory(id_, weighted["weight"], expected, value)
    chosen, _ = _find([selection], id_)
    if chosen is None:
        reason = f"not drawn: {expected:.4g} copies were expected"
        if value is not None:
            reason += f", and its draw {value:.4f} is not below {expected - np.floor(expected):.4f}"
        return replace(story, dropped=reason)
    story = replace(story, multiplicity=chosen["multiplicity"])
    for path in curated:
        found, row = _find([path], id_)
        if found is not None:
            return replace(story, shard=path.name, row=row)
    return story


def _expected(weighted: dict, stats: SelectStats, config: ResamplingConfig) -> float:
    """`min(limit, c·w)`, or the balancing's own expectation where that was used as it is."""
    if stats.own_inclusion:
        return float(weighted["inclusion"])
    limits = {"poisson": 1.0, "residual": config.most_copies, "systematic": config.most_copies, "multinomial": math.inf}
    return min(limits[config.method], stats.scale * float(weighted["weight"]))


def _find(paths: Sequence[Path], id_: int) -> tuple[dict | None, int]:
    for path in paths:
        table = read_table([path], columns=_columns(path))
        places = pc.index(table.column("id"), pa.scalar(id_, pa.uint64())).as_py()
        if places >= 0:
            row: dict = table.slice(places, 1).to_pylist()[0]
            return row, places
    return None, -1


def _columns(path: Path) -> list[str]:
    wanted = ("id", "weight", "inclusion", "multiplicity")
    held = pq.read_schema(path).names
    return [name for name in wanted if name in held]
