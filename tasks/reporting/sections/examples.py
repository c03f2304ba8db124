"""Pairs to look at: kept most often, kept once, matched but dropped, and never matched."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.balancing.law.law import NUMBERS, VECTORS, Law
from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.fates import Fate, choose
from tasks.reporting.inputs.pictures import Picture, pictures
from tasks.reporting.inputs.stage_outputs import Curation
from tasks.reporting.inputs.tables import read_keywords


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
    law = Law.read(work.path(curation.balanced, VECTORS), work.path(curation.balanced, NUMBERS))
    side_by_side = zip(
        work.shards(curation.matches, "matches-*.parquet"),
        work.shards(curation.selection, "selection-*.parquet"),
        strict=True,
    )
    return describe(
        choose(side_by_side, law, config.examples, config.seed),
        pairs=work.shards(pairs, "pairs-*.parquet"),
        keywords=read_keywords(curation.realised, work),
        side=config.thumbnail,
    )


def describe(
    fates: Sequence[Fate], *, pairs: Sequence[Path], keywords: Sequence[str], side: int
) -> tuple[ExampleGroup, ...]:
    """The chosen pairs with captions, pictures and keywords; fates that no pair has are left out.

    Args:
        fates: with the rows chosen of each.
        pairs: shards of all pairs.
        keywords: the text of each keyword, by number.
        side: longest side of a picture, in pixels.
    """
    found = pictures(pairs, [row.id for fate in fates for row in fate.rows], side)
    return tuple(
        ExampleGroup(
            fate.title,
            fate.meaning,
            fate.total,
            tuple(
                Example(
                    picture=found[row.id],
                    multiplicity=row.multiplicity,
                    weight=row.weight,
                    keywords=tuple(keywords[number] for number in row.keywords if number < len(keywords)),
                )
                for row in fate.rows
                if row.id in found
            ),
        )
        for fate in fates
        if fate.rows
    )
