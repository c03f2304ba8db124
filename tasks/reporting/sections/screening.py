"""What was found in the pairs before balancing: repetitions, and leaks of the evaluation sets, with pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from storage.record.manifest import Manifest
from tasks.reporting.inputs.frames import read_frame
from tasks.reporting.inputs.pictures import Picture, pictures
from tasks.reporting.sections.examples import fetch_rows
from tasks.reporting.sections.geometry import GeometryRow, real, whole

OTHERS = 5  # pictures of one group beside the kept one
SAMPLES = 3  # captions that are shown for one prompt


@dataclass(frozen=True)
class DuplicateGroup:
    """Pairs that are the same: the one that stays, some of the others, how many there are, and why they are."""

    kept: Picture
    others: tuple[Picture, ...]
    rows: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Repetitions:
    """What `deduplicate` listed. content, near: what counted as the same; groups: some, for the eye to judge."""

    content: str
    near: float | None
    dropped: int
    groups: int
    shown: tuple[DuplicateGroup, ...] = ()


@dataclass(frozen=True)
class LeakPair:
    """A training pair, the evaluation image nearest to it, and their distance."""

    training: Picture
    evaluation: Picture
    distance: float
    leak: bool


@dataclass(frozen=True)
class RepeatedPrompt:
    """A class prompt, how many captions repeat it, and some of them as written."""

    prompt: str
    rows: int
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Leakage:
    """What the pairs share with one benchmark. drop: which leaks were dropped; `captions` is None where they were not
    compared."""

    benchmark: str
    rows: int
    evaluation_rows: int
    distance: float
    modality: str
    leaks: int
    leaked_evaluation_rows: int
    nearest: float | None
    drop: str
    dropped: int
    captions: int | None
    pairs: tuple[LeakPair, ...] = ()
    prompts: tuple[RepeatedPrompt, ...] = ()


@dataclass(frozen=True)
class Screening:
    """Everything that was looked for before balancing; None and empty where it was not looked for.

    encoder: in words; rows: pairs screened; remaining: pairs that went on; reasons: rows dropped, by reason; tree and
    edges: of all pairs by that encoder.
    """

    encoder: str = ""
    rows: int = 0
    remaining: int | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    repetitions: Repetitions | None = None
    leakages: tuple[Leakage, ...] = ()
    tree: GeometryRow | None = None
    edges: NDArray[np.float64] | None = field(default=None, compare=False)

    @property
    def dropped(self) -> int:
        """Rows that went no further."""
        return sum(self.reasons.values())


def read_repetitions(
    manifest: Manifest, listed: Path, pairs: Sequence[Path], tree: GeometryRow | None, *, shown: int, side: int
) -> Repetitions:
    """From the output of `deduplicate`.

    Args:
        listed: its `dropped.parquet`.
        pairs: shards of all pairs.
        tree: that near-duplicates were cut from, where they were.
        shown: most groups to show.
    """
    config = manifest.parameters.get("config")
    settings = config if isinstance(config, dict) else {}
    return Repetitions(
        content=str(settings.get("content")),
        near=tree.near if tree and settings.get("near") == "auto" else real(settings.get("near")),
        dropped=whole(manifest.stats.get("dropped")) or 0,
        groups=whole(manifest.stats.get("groups")) or 0,
        shown=show_groups(read_frame([listed]), pairs, shown=shown, side=side),
    )


def show_groups(dropped: pl.DataFrame, pairs: Sequence[Path], *, shown: int, side: int) -> tuple[DuplicateGroup, ...]:
    """Some groups with pictures: the largest of every kind of reason, in turn.

    Args:
        dropped: `id`, `kept` and `reason` of every row that another stands for.
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


def read_leakage(
    benchmark: str,
    manifest: Manifest,
    folder: Path,
    pairs: Sequence[Path],
    images: Sequence[Path],
    *,
    shown: int,
    side: int,
) -> Leakage:
    """From the output of `leakage` in `folder`. images: shards of the benchmark's own pictures as pairs."""
    config = manifest.parameters.get("config")
    settings = config if isinstance(config, dict) else {}
    stats = manifest.stats
    return Leakage(
        benchmark=benchmark,
        rows=whole(stats.get("rows")) or 0,
        evaluation_rows=whole(stats.get("evaluation_rows")) or 0,
        distance=real(stats.get("distance")) or 0.0,
        modality=str(settings.get("modality")),
        leaks=whole(stats.get("leaks")) or 0,
        leaked_evaluation_rows=whole(stats.get("leaked_evaluation_rows")) or 0,
        nearest=real(stats.get("nearest")),
        drop=str(settings.get("drop")),
        dropped=whole(stats.get("dropped")) or 0,
        captions=whole(stats.get("captions")) if settings.get("captions") else None,
        pairs=_leak_pairs(around(read_frame([folder / "leaks.parquet"]), shown), pairs, images, side),
        prompts=_prompts(read_frame([folder / "captions.parquet"]), pairs, shown),
    )


def around(leaks: pl.DataFrame, shown: int) -> pl.DataFrame:
    """A third each of the nearest pairs, the farthest leaks, and the nearest that are none; all by distance."""
    within, beyond = leaks.filter(pl.col("leak")), leaks.filter(~pl.col("leak"))
    other = min(len(beyond), max(shown - len(within), shown // 3))
    nearest = within.head(shown - other - min(shown // 3, max(0, len(within) - shown + other)))
    farthest = within.slice(len(nearest)).tail(shown - other - len(nearest))
    return pl.concat([nearest, farthest, beyond.head(other)])


def _leak_pairs(leaks: pl.DataFrame, pairs: Sequence[Path], images: Sequence[Path], side: int) -> tuple[LeakPair, ...]:
    training = pictures(pairs, leaks["id"].to_list(), side)
    evaluation = pictures(images, leaks["evaluation"].to_list(), side)
    return tuple(
        LeakPair(training[row["id"]], evaluation[row["evaluation"]], row["distance"], row["leak"])
        for row in leaks.iter_rows(named=True)
        if row["id"] in training and row["evaluation"] in evaluation
    )


def _prompts(repeated: pl.DataFrame, pairs: Sequence[Path], shown: int) -> tuple[RepeatedPrompt, ...]:
    groups = (
        repeated.sort("id")
        .group_by("prompt")
        .agg("id")
        .with_columns(rows=pl.col("id").list.len())
        .sort(["rows", "prompt"], descending=[True, False])
        .head(shown)
        .to_dicts()
    )
    found = fetch_rows(pairs, [each for group in groups for each in group["id"][: 4 * SAMPLES]], ["caption"])
    listed = []
    for group in groups:
        written = dict.fromkeys(str(found[each]["caption"]) for each in group["id"][: 4 * SAMPLES] if each in found)
        listed.append(RepeatedPrompt(group["prompt"], group["rows"], tuple(written)[:SAMPLES]))
    return tuple(listed)
