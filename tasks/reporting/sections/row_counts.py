"""Rows in and out: what each stage took, and why the rest went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

Stats = Mapping[str, JsonValue]


@dataclass(frozen=True)
class Loss:
    """Rows that went no further, and why."""

    reason: str
    rows: int


@dataclass(frozen=True)
class Station:
    """Rows that a stage passed on; `losses` are those that stopped before it."""

    name: str
    meaning: str
    rows: int
    losses: tuple[Loss, ...] = ()


def stations(
    ingested: Sequence[Stats],
    matched: Sequence[Stats],
    balanced: Stats,
    selection: Stats,
    curated: Stats,
    screened: Mapping[str, int] | None = None,
) -> list[Station]:
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
    return [
        Station("Source rows", "every row that a source holds", rows + rejected),
        Station("Ingested", "pairs with a caption and whatever the source asks for", rows, tuple(losses)),
        *(screening if screened is not None else []),
        Station(
            "Matched", "captions with at least one keyword: only these can be balanced", available, tuple(unmatched)
        ),
        Station("Selected", "different pairs in the curated set", distinct, tuple(dropped)),
        Station("With repeats", "draws in the curated set: a repeated pair counts each time", size),
    ]


def _sum(stats: Sequence[Stats], name: str) -> int:
    return sum(_integer(each.get(name)) for each in stats)


def _integer(value: JsonValue) -> int:
    return int(value) if isinstance(value, int | float) else 0
