"""Rows in and out: what each stage took, and why the rest went."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.record.manifest import Manifest
from tasks.balancing.stats import BalanceStats
from tasks.ingest.stats import IngestStats
from tasks.matching.stats import MatchStats
from tasks.reporting.inputs.stage_outputs import Curation
from tasks.reporting.sections.screening.screening import Screened
from tasks.resampling.stats import RealiseStats


@dataclass(frozen=True)
class Loss:
    """Rows that went no further, and why."""

    reason: str
    rows: int


@dataclass(frozen=True)
class Station:
    """Rows that a stage passed on.

    Attributes:
        name: the station.
        meaning: what its rows are.
        rows: how many.
        losses: those that stopped before it.
    """

    name: str
    meaning: str
    rows: int
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True)
class RowCounts:
    """The section: the stations from source to curated set, and the sources in words."""

    stations: tuple[Station, ...]
    sources: tuple[str, ...] = ()

    @property
    def widest(self) -> int:
        """The most rows of a station."""
        return max((station.rows for station in self.stations), default=1)


def read_row_counts(ingested: Sequence[Manifest], curation: Curation, screened: Screened) -> RowCounts:
    """From the figures of the stages, source by source and group by group."""
    arrived = [IngestStats.of(each) for each in ingested]
    route = stations(
        arrived,
        [MatchStats.of(each) for each in curation.matches],
        BalanceStats.of(curation.balanced),
        RealiseStats.of(curation.realised),
        screened.reasons if screened.remaining is not None else None,
    )
    return RowCounts(route, sources(arrived))


def stations(
    ingested: Sequence[IngestStats],
    matched: Sequence[MatchStats],
    balanced: BalanceStats,
    selection: RealiseStats,
    screened: Mapping[str, int] | None = None,
) -> tuple[Station, ...]:
    """The stations from source to curated set, from the stages' own counts.

    Args:
        ingested: group by group.
        matched: group by group, after screening.
        balanced: captions that can be balanced.
        selection: what was drawn of them.
        screened: rows that screening dropped, by reason; None where nothing was screened.
    """
    rows, rejected = sum(each.rows for each in ingested), sum(each.rejected for each in ingested)
    reasons: Counter[str] = Counter()
    for each in ingested:
        reasons.update(each.reasons)
    losses = [Loss(reason, count) for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))]

    remaining = rows - sum((screened or {}).values())
    repeated = [Loss(reason, count) for reason, count in sorted((screened or {}).items())]
    screening = [
        Station(
            "Screened",
            "pairs that repeat no other, leak no evaluation set and are not taken down",
            remaining,
            tuple(repeated),
        )
    ]

    with_keyword = sum(each.matched for each in matched)
    unmatched = [Loss("caption holds no keyword", remaining - with_keyword)] if remaining > with_keyword else []

    undrawn = balanced.matched - selection.distinct
    dropped = [Loss("not drawn: low weight, or luck", undrawn)] if undrawn > 0 else []
    return (
        Station("Source rows", "every row that a source holds", rows + rejected),
        Station("Ingested", "pairs with a caption and whatever the source asks for", rows, tuple(losses)),
        *(screening if screened is not None else []),
        Station(
            "Matched",
            "captions with at least one keyword: only these can be balanced",
            balanced.matched,
            tuple(unmatched),
        ),
        Station("Selected", "different pairs in the curated set", selection.distinct, tuple(dropped)),
        Station("With repeats", "draws in the curated set: a repeated pair counts each time", selection.size),
    )


def sources(ingested: Sequence[IngestStats]) -> tuple[str, ...]:
    """Each source once: its name, kind, and honestly whose the images are."""
    return tuple(dict.fromkeys(f"{each.source} ({each.kind}, images: {each.images})" for each in ingested))
