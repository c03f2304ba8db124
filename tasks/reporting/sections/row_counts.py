"""Rows in and out: what each stage took, and why the rest went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from storage.record.manifest import Manifest
from tasks.reporting.inputs.stage_outputs import Curation
from tasks.reporting.inputs.stage_stats import Stats
from tasks.reporting.sections.screening import Screening


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


def read_row_counts(ingested: Sequence[Manifest], curation: Curation, screened: Screening) -> RowCounts:
    """From the figures of the stages, source by source and group by group."""
    arrived = [each.stats for each in ingested]
    route = stations(
        arrived,
        [each.stats for each in curation.matches],
        curation.balanced.stats,
        curation.selection.stats,
        curation.curated.stats,
        screened.reasons if screened.remaining is not None else None,
    )
    return RowCounts(route, sources(arrived))


def stations(
    ingested: Sequence[Stats],
    matched: Sequence[Stats],
    balanced: Stats,
    selection: Stats,
    curated: Stats,
    screened: Mapping[str, int] | None = None,
) -> tuple[Station, ...]:
    """The stations from source to curated set, from the stages' own counts.

    screened: rows that screening dropped, by reason; None where nothing was screened.
    """
    rows = _sum(ingested, "rows")
    rejected = _sum(ingested, "rejected")
    reasons: dict[str, int] = {}
    for stats in ingested:
        named = stats.get("reasons")
        for reason, count in (named if isinstance(named, dict) else {}).items():
            reasons[reason] = reasons.get(reason, 0) + _integer(count)
    if rejected > sum(reasons.values()):
        reasons["no reason recorded"] = rejected - sum(reasons.values())
    losses = [Loss(reason, count) for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))]

    remaining = rows - sum((screened or {}).values())
    repeated = [Loss(reason, count) for reason, count in sorted((screened or {}).items())]
    screening = [
        Station("Screened", "pairs that repeat no other and leak no evaluation set", remaining, tuple(repeated))
    ]

    with_keyword = _sum(matched, "matched")
    taken_down = _integer(balanced.get("taken_down"))
    unmatched = [Loss("caption holds no keyword", remaining - with_keyword)] if remaining > with_keyword else []
    if taken_down:
        unmatched.append(Loss("taken down", taken_down))

    distinct = _integer(selection.get("distinct", curated.get("distinct")))
    size = _integer(selection.get("size", curated.get("rows")))
    available = _integer(balanced.get("matched")) or with_keyword
    dropped = [Loss("not drawn: low weight, or luck", available - distinct)] if available > distinct else []
    return (
        Station("Source rows", "every row that a source holds", rows + rejected),
        Station("Ingested", "pairs with a caption and whatever the source asks for", rows, tuple(losses)),
        *(screening if screened is not None else []),
        Station(
            "Matched", "captions with at least one keyword: only these can be balanced", available, tuple(unmatched)
        ),
        Station("Selected", "different pairs in the curated set", distinct, tuple(dropped)),
        Station("With repeats", "draws in the curated set: a repeated pair counts each time", size),
    )


def sources(ingested: Sequence[Stats]) -> tuple[str, ...]:
    """Each source once: its name, kind, and honestly whose the images are."""
    described = []
    for stats in ingested:
        if "source" in stats:
            images = f", images: {stats['images']}" if stats.get("images") else ""
            described.append(f"{stats['source']} ({stats.get('kind', 'source')}{images})")
    return tuple(dict.fromkeys(described))


def _sum(stats: Sequence[Stats], name: str) -> int:
    return sum(_integer(each.get(name)) for each in stats)


def _integer(value: JsonValue) -> int:
    return int(value) if isinstance(value, int | float) else 0
