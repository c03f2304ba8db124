"""What the pairs share with an evaluation set: pictures side by side with their distance, and repeated prompts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from storage.store.workspace import Workspace
from tasks.reporting.inputs.pictures import Picture, fetch_rows, pictures
from tasks.reporting.inputs.settings import settings
from tasks.reporting.inputs.stage_outputs import Leaks
from tasks.reporting.inputs.tables import read_frame
from tasks.screening.config import LeakageConfig
from tasks.screening.stats import LeakageStats

SAMPLES = 3  # captions that are shown for one prompt


@dataclass(frozen=True)
class LeakPair:
    """A training pair beside the evaluation row nearest to it.

    Attributes:
        training: the pair.
        evaluation: the evaluation row.
        distance: of their embeddings.
        leak: whether that is near enough to count as a leak.
    """

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
    """What the pairs share with one benchmark.

    Attributes:
        benchmark: its name.
        rows: pairs compared.
        evaluation_rows: evaluation rows that they were compared with.
        distance: up to which a pair counts as a leak.
        modality: `image` or `text`, what was compared.
        leaks: pairs within that distance.
        leaked_evaluation_rows: evaluation rows that they give away.
        nearest: the smallest distance found.
        drop: which leaks were dropped, in the configuration's word.
        dropped: pairs dropped for it.
        captions: captions that repeat a class prompt; None where they were not compared.
        pairs: some on both sides of the limit.
        prompts: those that most captions repeat.
    """

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


def read_leakage(
    benchmark: str, leaks: Leaks, pairs: Sequence[Path], work: Workspace, *, shown: int, side: int
) -> Leakage:
    """From the output of `leakage`.

    Args:
        benchmark: its name.
        leaks: the output, and the benchmark's own pictures.
        pairs: shards of all pairs.
        work: where the outputs lie.
        shown: most pairs, and prompts.
        side: longest side of a picture, in pixels.
    """
    found = leaks.found
    asked, figures = settings(found, LeakageConfig), LeakageStats.of(found)
    nearest = read_frame([work.path(found, "leaks.parquet")])
    images = work.paths(leaks.images, "pairs-*.parquet")
    return Leakage(
        benchmark=benchmark,
        rows=figures.rows,
        evaluation_rows=figures.evaluation_rows,
        distance=figures.distance,
        modality=asked.modality,
        leaks=figures.leaks,
        leaked_evaluation_rows=figures.leaked_evaluation_rows,
        nearest=figures.nearest,
        drop=asked.drop,
        dropped=figures.dropped,
        captions=figures.captions if asked.captions else None,
        pairs=_leak_pairs(around(nearest, shown), pairs, images, side),
        prompts=_prompts(read_frame([work.path(found, "captions.parquet")]), pairs, shown),
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
