"""Pairs that count as the same, in groups, for the eye to judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasks.reporting.inputs.pictures import Picture, pictures

OTHERS = 5  # pictures of one group beside the kept one


@dataclass(frozen=True)
class DuplicateGroup:
    """Pairs that are the same.

    Attributes:
        kept: the one that stays.
        others: some of the others.
        rows: how many there are.
        reasons: why they are the same.
    """

    kept: Picture
    others: tuple[Picture, ...]
    rows: int
    reasons: tuple[str, ...]


def show_groups(dropped: pl.DataFrame, pairs: Sequence[Path], *, shown: int, side: int) -> tuple[DuplicateGroup, ...]:
    """Some groups with pictures: the largest of every kind of reason, in turn.

    Args:
        dropped: `id`, `kept` and `reason` of every row that another stands for.
        pairs: shards of all pairs.
        shown: most groups.
        side: longest side of a picture, in pixels.
    """
    groups = (
        dropped.filter(pl.col("kept").is_not_null())
        .sort("id")
        .group_by("kept")
        .agg("id", pl.col("reason").unique().sort())
        .with_columns(rows=pl.col("id").list.len() + 1)
        .sort(["rows", "kept"], descending=[True, False])
        .with_columns(turn=pl.int_range(pl.len()).over("reason"))
        .sort(["turn", "reason", "kept"])
        .head(shown)
        .to_dicts()
    )
    ids = [identity for group in groups for identity in (group["kept"], *group["id"][:OTHERS])]
    found = pictures(pairs, ids, side)
    return tuple(
        DuplicateGroup(
            found[group["kept"]],
            tuple(found[each] for each in group["id"][:OTHERS] if each in found),
            group["rows"],
            tuple(group["reason"]),
        )
        for group in groups
        if group["kept"] in found
    )
