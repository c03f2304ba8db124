"""What is asked of a selection and of the curated shards."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.limits import AtLeast, AtMost, Finding, Holds, held, promised_columns, share
from tasks.resampling.stats import GatherStats, RealiseStats


class ResamplingChecks(Config):
    """Checks of what was drawn and written."""

    rows: AtLeast = Field(default_factory=lambda: AtLeast(severity="error", least=1), description="rows drawn")
    effective_sample_size: AtLeast = Field(
        default_factory=lambda: AtLeast(least=0.02),
        description="Kish's effective sample size of the selection, as a share of the rows drawn",
    )
    total_variation: AtMost = Field(
        default_factory=lambda: AtMost(most=0.5),
        description="share of the keyword mass that the selection leaves away from the target",
    )
    columns: Holds = Field(
        default_factory=lambda: Holds(severity="error"), description="the shards have the promised columns and types"
    )
    repeated_ids: AtMost = Field(
        default_factory=lambda: AtMost(severity="error"),
        description="ids that more than one row of the curated shards has; copies are counted, not written (where "
        "`curated.expand` is not set)",
    )
    split_ids: AtMost = Field(
        default_factory=lambda: AtMost(severity="error"),
        description="ids that are on the training side and on the validation side",
    )


def judge_realised(manifest: Manifest, folder: Path, limits: ResamplingChecks) -> Iterator[Finding]:
    """Rows drawn, their effective sample size, and the distance from the target."""
    stats = RealiseStats.of(manifest)
    yield from held("resampling.rows", limits.rows, stats.size, "rows were drawn")
    size = stats.effective_sample_size / stats.size if stats.size else 0.0
    words = "of the rows drawn is their effective sample size"
    yield from held("resampling.effective_sample_size", limits.effective_sample_size, size, words, share)
    words = "of the keyword mass is away from the target in the selection (total variation)"
    yield from held("resampling.total_variation", limits.total_variation, stats.total_variation, words, share)


def judge_gathered(manifest: Manifest, folder: Path, limits: ResamplingChecks) -> Iterator[Finding]:
    """Columns, from footers; ids and sides, as they were counted when the shards were written."""
    from storage.tables.schemas import CURATED

    stats = GatherStats.of(manifest)
    yield from promised_columns("resampling.columns", limits.columns, manifest, folder, "curated-", CURATED)
    if stats.repeated_ids is not None:
        words = "ids are in more than one row"
        yield from held("resampling.repeated_ids", limits.repeated_ids, stats.repeated_ids, words)
    if stats.split_ids is not None:
        words = "ids are on the training side and on the validation side"
        yield from held("resampling.split_ids", limits.split_ids, stats.split_ids, words)


JUDGES: Mapping[str, Callable[[Manifest, Path, ResamplingChecks], Iterator[Finding]]] = {
    "realise": judge_realised,
    "gather": judge_gathered,
}
