"""Everything that the page shows, gathered and computed, before a word of HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from tasks.reporting.sections.concept_density import Density
from tasks.reporting.sections.examples import ExampleGroup
from tasks.reporting.sections.geometry import GeometryRow, real, whole
from tasks.reporting.sections.marginals import Distance
from tasks.reporting.sections.provenance import StageRecord
from tasks.reporting.sections.row_counts import Station
from tasks.reporting.sections.scores import Difference, Summary
from tasks.reporting.sections.screening import DuplicateGroup, Screening


@dataclass(frozen=True)
class Drawing:
    """A figure of the page: its SVG document, and what it says to those who cannot see it."""

    svg: str
    description: str


@dataclass(frozen=True)
class TrainingRow:
    """One training: budget and end."""

    variant: str
    seed: int
    stage: str
    steps: int | None
    examples_seen: int | None
    distinct: int | None
    final_loss: float | None
    image_norm: float | None
    text_norm: float | None
    predicted_norm: float | None


@dataclass(frozen=True)
class AuditGroup:
    """A fault of the metadata list: how many entries have it, and the first of them with the reason."""

    title: str
    total: int
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Report:
    """The content of `report.html`, in the order of reading. Empty sequences are sections that are left out."""

    title: str
    headline: str
    sentences: tuple[str, ...]
    caution: str
    facts: tuple[tuple[str, str], ...]
    summaries: Sequence[Summary]
    differences: Sequence[Difference]
    stations: Sequence[Station]
    sources: Sequence[str]
    distances: Sequence[Distance]
    balancing: Mapping[str, JsonValue]
    selection: Mapping[str, JsonValue]
    convergence: str
    infeasible: Sequence[str]
    training: Sequence[TrainingRow]
    geometry: Sequence[GeometryRow]
    encoder: str
    density: Density | None
    alike: Sequence[DuplicateGroup]
    screening: Screening
    examples: Sequence[ExampleGroup]
    audit: Sequence[AuditGroup]
    keywords: Mapping[str, int]
    records: Sequence[StageRecord]
    software: Sequence[tuple[str, str]]
    drawings: Mapping[str, Drawing]


def training_row(variant: str, seed: int, stage: str, stats: Mapping[str, JsonValue]) -> TrainingRow:
    """A row of the training table from a manifest's stats."""
    return TrainingRow(
        variant=variant,
        seed=seed,
        stage=stage,
        steps=whole(stats.get("steps")),
        examples_seen=whole(stats.get("examples_seen")),
        distinct=whole(stats.get("distinct_examples")),
        final_loss=real(stats.get("final_loss")),
        image_norm=real(stats.get("image_norm")),
        text_norm=real(stats.get("text_norm")),
        predicted_norm=real(stats.get("predicted_norm")),
    )


def audit_groups(audit: Mapping[str, JsonValue], shown: int = 12) -> list[AuditGroup]:
    """The faults of a metadata list from `audit.json`; kinds without a case are left out."""
    titles = {
        "dead": "Dead entries, which their own text does not match",
        "duplicates": "Duplicate entries, which share one list of captions",
        "shadowed": "Shadowed entries, which normalising makes equal to another",
    }
    groups = []
    for kind, title in titles.items():
        cases = audit.get(kind)
        if isinstance(cases, list) and cases:
            named = [_case(case) for case in cases[:shown] if isinstance(case, dict)]
            groups.append(AuditGroup(title, len(cases), tuple(named)))
    return groups


def _case(case: Mapping[str, JsonValue]) -> tuple[str, str]:
    text = str(case.get("text", "")) or "(empty)"
    return text, str(case.get("fault", ""))
