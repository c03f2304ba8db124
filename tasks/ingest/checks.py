"""What is asked of the pairs as they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.ingest.stats import SurveyStats
from tasks.limits import AtLeast, AtMost, Finding, Holds, held, promised_columns, share


class IngestChecks(Config):
    """Checks of ingested pairs. That no id occurs twice, and that every source has rows, `survey` itself sees to."""

    rows: AtLeast = Field(
        default_factory=lambda: AtLeast(severity="error", least=1), description="rows over all sources"
    )
    rejected: AtMost = Field(default_factory=lambda: AtMost(most=0.5), description="share of a source's rows rejected")
    columns: Holds = Field(
        default_factory=lambda: Holds(severity="error"), description="the tables have the promised columns and types"
    )


def judge_survey(manifest: Manifest, folder: Path, limits: IngestChecks) -> Iterator[Finding]:
    """Rows over all sources, and the share that each source lost."""
    stats = SurveyStats.of(manifest)
    yield from held("ingest.rows", limits.rows, stats.rows, "rows came in")
    for source, rows in stats.sources.items():
        lost = stats.rejected.get(source, 0)
        if rows + lost:
            words = f"of the rows of the source {source} were rejected"
            yield from held("ingest.rejected", limits.rejected, lost / (rows + lost), words, share)


def judge_pairs(manifest: Manifest, folder: Path, limits: IngestChecks) -> Iterator[Finding]:
    """The columns of the first and the last table of a group, from their footers."""
    from storage.tables.schemas import PAIRS

    yield from promised_columns("ingest.columns", limits.columns, manifest, folder, "pairs-", PAIRS)


JUDGES: Mapping[str, Callable[[Manifest, Path, IngestChecks], Iterator[Finding]]] = {
    "ingest": judge_pairs,
    "survey": judge_survey,
}
