"""What is asked of embeddings."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.embedding.stats import EmbedStats
from tasks.limits import AtMost, Finding, held, share


class EmbeddingChecks(Config):
    """Checks of embeddings."""

    rejected: AtMost = Field(
        default_factory=lambda: AtMost(most=0.1), description="share of a group's rows that could not be embedded"
    )


def judge_embedded(manifest: Manifest, folder: Path, limits: EmbeddingChecks) -> Iterator[Finding]:
    """The share of a group that has no vector."""
    stats = EmbedStats.of(manifest)
    rows = stats.rows + stats.rejected
    if rows:
        words = "of the rows of a group could not be embedded"
        yield from held("embedding.rejected", limits.rejected, stats.rejected / rows, words, share)


JUDGES: Mapping[str, Callable[[Manifest, Path, EmbeddingChecks], Iterator[Finding]]] = {"embed": judge_embedded}
