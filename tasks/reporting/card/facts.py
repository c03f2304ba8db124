"""What a data set's card says, from the run's own manifests."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from storage.hashing import hash_json
from storage.record.manifest import Manifest
from tasks.balancing.stats import BalanceStats
from tasks.ingest.stats import IngestStats
from tasks.matching.stats import MatchStats
from tasks.reporting.config import CardConfig
from tasks.reporting.inputs.stage_outputs import Curation, Screening
from tasks.reporting.sections.balancing.marginals import KeywordMarginals, keyword_marginals
from tasks.reporting.sections.provenance import StageRecord, software, stage_records
from tasks.reporting.sections.row_counts import Station, stations
from tasks.resampling.stats import GatherStats, RealiseStats
from tasks.screening.stats import DeduplicateStats, DropStats, LeakageStats


@dataclass(frozen=True)
class SourceFacts:
    """One source: what it is, and how many of its rows were taken."""

    name: str
    kind: str
    images: str
    rows: int
    rejected: int


@dataclass(frozen=True)
class CardFacts:
    """Everything that the card tells and no person has to.

    Attributes:
        name: of the experiment.
        asked: what a person filled in.
        sources: each once.
        stations: rows from source to curated set, and why the others went.
        balancing: figures of `balance`.
        selection: figures of `realise`.
        validation: rows held out; None where none are.
        marginals: of the keywords.
        duplicates: figures of `deduplicate`; None where repetitions were not looked for.
        leakage: figures by benchmark; empty where leaks were not looked for.
        settings: of the stages that chose the rows.
        software: versions that can change results.
        captions: a few, as they are.
        content: stands for the content of the curated set.
    """

    name: str
    asked: CardConfig
    sources: tuple[SourceFacts, ...]
    stations: tuple[Station, ...]
    balancing: BalanceStats
    selection: RealiseStats
    validation: int | None
    marginals: KeywordMarginals
    duplicates: DeduplicateStats | None
    leakage: Mapping[str, LeakageStats]
    settings: tuple[StageRecord, ...]
    software: tuple[tuple[str, str], ...]
    captions: tuple[str, ...]
    content: str

    @property
    def title(self) -> str:
        """As a person gave it, or the experiment's name."""
        return self.asked.title or self.name

    @property
    def description(self) -> str:
        """As a person gave it, or what was done in one sentence."""
        names = ", ".join(source.name for source in self.sources)
        return self.asked.description or (
            f"{self.selection.distinct:,} image–text pairs ({self.selection.size:,} with repeats) from {names}, "
            f"selected by Equipoise so that their keywords come near a target ({self.balancing.method})."
        )


def card_facts(
    name: str,
    asked: CardConfig,
    screening: Screening,
    curation: Curation,
    *,
    keywords: pl.DataFrame,
    captions: Sequence[str] = (),
) -> CardFacts:
    """From manifests.

    Args:
        name: of the experiment.
        asked: what a person filled in.
        screening: what came in, and what of it went on.
        curation: what balancing made of the pairs.
        keywords: `entries.parquet` of `realise`.
        captions: examples to show.
    """
    arrived = [IngestStats.of(each) for each in screening.ingested]
    dropped = Counter[str]()
    for each in screening.dropped:
        dropped.update(DropStats.of(each).reasons)
    balancing, selection = BalanceStats.of(curation.balanced), RealiseStats.of(curation.realised)
    route = stations(
        arrived,
        [MatchStats.of(each) for each in curation.matches],
        balancing,
        selection,
        dict(dropped) if screening.dropped else None,
    )
    chosen = [curation.entries, *curation.matches[:1], curation.balanced, curation.scaled, *curation.curated[:1]]
    held = [GatherStats.of(each).validation_rows for each in curation.curated]
    return CardFacts(
        name=name,
        asked=asked,
        sources=_sources(arrived),
        stations=route,
        balancing=balancing,
        selection=selection,
        validation=None if None in held else sum(each or 0 for each in held),
        marginals=keyword_marginals(keywords, curation.balanced, curation.realised),
        duplicates=DeduplicateStats.of(screening.duplicates) if screening.duplicates else None,
        leakage={name: LeakageStats.of(each.found) for name, each in screening.leaks.items()},
        settings=tuple(stage_records(chosen)),
        software=tuple(software(_manifests(screening, curation))),
        captions=tuple(captions),
        content=hash_json([each.digest for each in curation.curated]),
    )


def _sources(arrived: Sequence[IngestStats]) -> tuple[SourceFacts, ...]:
    found: dict[str, list[IngestStats]] = {}
    for each in arrived:
        found.setdefault(each.source, []).append(each)
    return tuple(
        SourceFacts(
            name, groups[0].kind, groups[0].images, sum(g.rows for g in groups), sum(g.rejected for g in groups)
        )
        for name, groups in found.items()
    )


def _manifests(screening: Screening, curation: Curation) -> list[Manifest]:
    return [*screening.ingested, *curation.matches, curation.balanced, curation.scaled, *curation.curated]
