"""What a row costs in each stage of curation: measured where the store holds a run, else on the reference machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from storage.record.manifest import Manifest
from tasks.ingest.stats import IngestStats

Stage = Literal["ingest", "survey", "match", "balance", "scale", "select", "realise", "scatter", "gather", "subsample",
                "thin", "report"]  # fmt: skip
STAGES: tuple[Stage, ...] = ("ingest", "survey", "match", "balance", "scale", "select", "realise", "scatter", "gather",
                             "subsample", "thin", "report")  # fmt: skip
WIDE: frozenset[Stage] = frozenset({"ingest", "match", "select", "scatter", "gather", "thin"})
"""Stages that run group by group, several at a time."""

LEAST_ROWS = 50_000
"""A run of fewer rows measures a stage's start, not its rate."""


@dataclass(frozen=True)
class Rate:
    """What one row costs.

    Attributes:
        seconds: of one thread; of a stage with passes, for one pass.
        read, written: bytes.
        rows: on how many rows it was measured.
        where: "this store", whose pictures are counted, or the reference machine, whose rows had none.
    """

    seconds: float
    read: float
    written: float
    rows: int
    where: str


HERE = "this store"
REFERENCE_ROWS = 10_000_000
REFERENCE = "two cores, captions of 43 bytes with 7.6 keywords each of a list of 40,000"
REFERENCE_RATES: Mapping[Stage, tuple[float, float, float]] = {
    # seconds a row and a pass (of wide stages, of one thread), bytes read, bytes written: `python -m benchmarks.scale`
    "ingest": (9.7e-7, 25, 45),
    "survey": (1.6e-7, 8, 0),
    "match": (4.6e-7, 45, 30),
    "balance": (1.2e-7, 22, 0),
    "scale": (0.4e-7, 22, 0),
    "select": (1.9e-7, 30, 7),
    "realise": (0.0, 0, 0),
    "scatter": (8.1e-7, 82, 17),
    "gather": (3.6e-7, 17, 17),
    "subsample": (0.2e-7, 16, 0),
    "thin": (1.2e-7, 30, 5),
    "report": (2.7e-7, 82, 0),
}


PICTURE_SECONDS: Mapping[Stage, float] = {"ingest": 6e-8, "scatter": 1.5e-8, "gather": 1.5e-8}
"""About the seconds of a thread for a byte of a JPEG (400 × 350 pixels, 43 kB), decoded by `ingest`, copied by all."""


def measured_rates(manifests: Iterable[Manifest], passes: Mapping[Stage, int]) -> dict[Stage, Rate]:
    """Rates of the stages of a store's newest curation; none where it had too few rows to tell.

    passes: how often each stage of that run went through its rows (1 where it is not named).
    """
    runs = newest_curation(list(manifests))
    by_digest = {(each.stage, each.key): each for each in runs}
    rows = sum(each.rows for each in _of(runs, "ingest"))
    found: dict[Stage, Rate] = {}
    if rows < LEAST_ROWS:
        return found
    for stage in STAGES:
        of_stage = _of(runs, stage)
        if not of_stage:
            continue
        read = sum(
            by_digest[parent.stage, parent.key].bytes
            for each in of_stage
            for parent in each.parents
            if (parent.stage, parent.key) in by_digest
        )
        repeated = max(1, passes.get(stage, 1))
        seconds = sum(each.seconds for each in of_stage)
        found[stage] = Rate(
            seconds / rows / repeated,
            read / rows / (len(of_stage) if stage == "gather" else 1),
            sum(each.bytes for each in of_stage) / rows,
            rows,
            HERE,
        )
    return found


def picture_bytes(manifests: Iterable[Manifest], sources: Collection[str]) -> float | None:
    """The mean size of a picture as pairs of these sources hold it; None where the store has no such pairs."""
    found = [stats for each in _of(manifests, "ingest") if (stats := IngestStats.of(each)).source in sources]
    pictures = sum(each.rows_with_image for each in found)
    captions = sum(each.rows * (each.mean_caption_characters or 0.0) for each in found)
    return max(0.0, sum(each.bytes for each in found) - captions) / pictures if pictures else None


def newest_curation(manifests: list[Manifest]) -> list[Manifest]:
    """The newest output of `realise`, all that it was made from, and all that was made from these."""
    ends = _of(manifests, "realise")
    if not ends:
        return []
    chosen = {max(ends, key=lambda each: each.created).name}
    by_name = {each.name: each for each in manifests}
    waiting = list(chosen)
    while waiting:
        names = [f"{parent.stage}/{parent.key}" for parent in by_name[waiting.pop()].parents]
        found = [name for name in names if name in by_name and name not in chosen]
        chosen.update(found)
        waiting += found
    for each in manifests:  # oldest first, so that parents come before their children
        made_from = {f"{parent.stage}/{parent.key}" for parent in each.parents if parent.stage != "external"}
        if made_from and made_from <= chosen:
            chosen.add(each.name)
    return [each for each in manifests if each.name in chosen]


def reference_rates() -> dict[Stage, Rate]:
    """Rates as they were on the reference machine."""
    return {
        stage: Rate(seconds, read, written, REFERENCE_ROWS, REFERENCE)
        for stage, (seconds, read, written) in REFERENCE_RATES.items()
    }


def _of(manifests: Iterable[Manifest], stage: str) -> list[Manifest]:
    return [each for each in manifests if each.stage == stage]
