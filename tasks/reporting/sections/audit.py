"""Faults of the metadata list: keywords that can match nothing, or that repeat another."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from pydantic import JsonValue

SHOWN = 12
TITLES = {
    "dead": "Dead keywords, which their own text does not match",
    "duplicates": "Duplicate keywords, which share one list of captions",
    "shadowed": "Shadowed keywords, which normalising makes equal to another",
}


@dataclass(frozen=True)
class AuditGroup:
    """A fault of the metadata list: how many keywords have it, and the first of them with the reason."""

    title: str
    total: int
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Audit:
    """The section: how many keywords there are of each kind, and the faults."""

    keywords: Mapping[str, int]
    groups: tuple[AuditGroup, ...]


def read_audit(entries: pl.DataFrame, audit: Mapping[str, JsonValue]) -> Audit:
    """From the keyword table and `audit.json`."""
    return Audit(_keywords(entries), audit_groups(audit))


def audit_groups(audit: Mapping[str, JsonValue]) -> tuple[AuditGroup, ...]:
    """The faults of a metadata list from `audit.json`; kinds without a case are left out."""
    groups = []
    for kind, title in TITLES.items():
        cases, totals = audit.get(kind), audit.get("totals")
        if isinstance(cases, list) and cases:
            named = [_case(case) for case in cases[:SHOWN] if isinstance(case, dict)]
            total = totals.get(kind) if isinstance(totals, dict) else None
            groups.append(AuditGroup(title, total if isinstance(total, int) else len(cases), tuple(named)))
    return tuple(groups)


def _keywords(entries: pl.DataFrame) -> dict[str, int]:
    counts = {"entries": len(entries)}
    if "status" in entries.columns:
        tally = dict(entries["status"].value_counts().iter_rows())
        counts |= {name: int(tally.get(name, 0)) for name in ("live", "dead", "duplicate", "shadowed")}
    if "count" in entries.columns:
        live = entries.filter(pl.col("status") == "live") if "status" in entries.columns else entries
        counts["live but found in no caption"] = int((live["count"].fill_null(0) == 0).sum())
    return counts


def _case(case: Mapping[str, JsonValue]) -> tuple[str, str]:
    text = str(case.get("text", "")) or "(empty)"
    return text, str(case.get("fault", ""))
