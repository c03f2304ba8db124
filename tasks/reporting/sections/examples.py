"""Pairs to look at: kept most often, kept once, matched but dropped, and never matched."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from storage.draws import hash_order
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.arrays import Ids
from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.pictures import Picture, fetch_rows, pictures
from tasks.reporting.inputs.stage_outputs import Curation
from tasks.reporting.inputs.tables import read_frame, read_keywords, shards_of, unmatched_ids


@dataclass(frozen=True)
class Example:
    """One pair of the report.

    Attributes:
        picture: the pair itself.
        multiplicity: how often it is in the curated set, 0 where it was not drawn.
        weight: that balancing gave it, None where its caption holds no keyword.
        keywords: that its caption holds.
    """

    picture: Picture
    multiplicity: int
    weight: float | None
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """The ids of a group, before their captions and pictures are fetched.

    Attributes:
        title: the fate that they share.
        meaning: the same in a sentence.
        total: how many pairs share it.
        ids: those to show.
    """

    title: str
    meaning: str
    total: int
    ids: tuple[int, ...]


@dataclass(frozen=True)
class ExampleGroup:
    """Pairs of one fate.

    Attributes:
        title: the fate.
        meaning: the same in a sentence.
        total: how many pairs share it.
        examples: those shown.
    """

    title: str
    meaning: str
    total: int
    examples: tuple[Example, ...]


def read_examples(
    config: ReportConfig, pairs: Sequence[Manifest], curation: Curation, work: Workspace
) -> tuple[ExampleGroup, ...]:
    """Some pairs of every fate, with their pictures; none where none were asked for.

    Args:
        config: how many are shown, and how large.
        pairs: all pairs.
        curation: what balancing made of them.
        work: where the outputs lie.
    """
    if config.examples == 0:
        return ()
    weights = read_frame(work.paths(curation.balanced, "weights-*.parquet"), ["id", "weight"])
    selection = read_frame([work.path(curation.selection, "selection.parquet")], ["id", "multiplicity"])
    matches = shards_of(curation.matches, "matches-*.parquet", work)
    return describe(
        choose(weights, selection, unmatched_ids(matches), config.examples, config.seed),
        pairs=shards_of(pairs, "pairs-*.parquet", work),
        matches=matches,
        weights=weights,
        selection=selection,
        keywords=read_keywords(curation.selection, work),
        side=config.thumbnail,
    )


def choose(weights: pl.DataFrame, selection: pl.DataFrame, unmatched: Ids, count: int, seed: int) -> list[Chosen]:
    """The ids of each group: the extreme ones by multiplicity and weight, the others by a hash draw.

    Args:
        weights: `id`, `weight` of all matched pairs.
        selection: `id`, `multiplicity` of the kept ones.
        unmatched: `[n]`, ids of captions without a keyword.
        count: most ids of a group.
        seed: of the draw.

    Returns:
        The groups that have a pair.
    """
    kept = selection.join(weights.select("id", pl.col("weight").alias("mass")), on="id", how="left")
    repeated = kept.filter(pl.col("multiplicity") > 1)
    most = repeated.sort(["multiplicity", "mass", "id"], descending=[True, True, False], nulls_last=True)
    once = kept.filter(pl.col("multiplicity") == 1)["id"].to_numpy()
    dropped = weights.join(selection.select("id"), on="id", how="anti")["id"].to_numpy()

    def drawn(ids: Ids, purpose: str) -> tuple[int, ...]:
        ids = np.sort(ids.astype(np.uint64))
        return tuple(int(each) for each in ids[hash_order(ids, seed=seed, purpose=purpose)[:count]])

    groups = [
        Chosen("Repeated most", "rare keywords give these pairs the largest weights", len(repeated),
               tuple(most["id"].head(count).to_list())),
        Chosen("Kept once", "a random few", len(once), drawn(once, "report kept once")),
        Chosen("Dropped", "matched a keyword, but were not drawn; a random few", len(dropped),
               drawn(dropped, "report dropped")),
        Chosen("Never matched", "their captions hold no keyword; a random few", len(unmatched),
               drawn(unmatched, "report unmatched")),
    ]  # fmt: skip
    return [group for group in groups if group.ids]


def describe(
    chosen: Sequence[Chosen],
    *,
    pairs: Sequence[Path],
    matches: Sequence[Path],
    weights: pl.DataFrame,
    selection: pl.DataFrame,
    keywords: Sequence[str],
    side: int,
) -> tuple[ExampleGroup, ...]:
    """The chosen pairs with captions, pictures, keywords, weights and multiplicities.

    Args:
        chosen: the groups.
        pairs: shards of all pairs.
        matches: shards of their keywords.
        weights: `id`, `weight` of all matched pairs.
        selection: `id`, `multiplicity` of the kept ones.
        keywords: the text of each keyword, by number.
        side: longest side of a picture, in pixels.
    """
    ids = [each for group in chosen for each in group.ids]
    found = pictures(pairs, ids, side)
    entries = fetch_rows(matches, ids, ["entries"])
    mass, copies = _values(weights, ids, "weight"), _values(selection, ids, "multiplicity")

    def example(identity: int) -> Example:
        numbers = entries.get(identity, {}).get("entries") or []
        assert isinstance(numbers, list)
        return Example(
            picture=found[identity],
            multiplicity=int(copies.get(identity, 0)),
            weight=mass.get(identity),
            keywords=tuple(keywords[number] for number in numbers if number < len(keywords)),
        )

    return tuple(
        ExampleGroup(
            group.title, group.meaning, group.total, tuple(example(each) for each in group.ids if each in found)
        )
        for group in chosen
    )


def _values(table: pl.DataFrame, ids: Sequence[int], column: str) -> dict[int, float]:
    wanted = pl.Series(ids, dtype=pl.UInt64).implode()
    return dict(table.filter(pl.col("id").is_in(wanted)).select("id", column).iter_rows())
