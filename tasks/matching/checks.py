"""What is asked of the keyword list; how many captions match it is asked of the balance, which sees them all."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.limits import AtLeast, AtMost, Finding, held, share
from tasks.matching.stats import MetadataStats


class MatchingChecks(Config):
    """Checks of the keyword list."""

    keywords: AtLeast = Field(
        default_factory=lambda: AtLeast(severity="error", least=1), description="keywords in the list"
    )
    dead: AtMost = Field(
        default_factory=lambda: AtMost(most=0.2), description="share of the keywords that their own text does not match"
    )


def judge_metadata(manifest: Manifest, folder: Path, limits: MatchingChecks) -> Iterator[Finding]:
    """How many keywords there are, and how many of them can match nothing."""
    stats = MetadataStats.of(manifest)
    yield from held("matching.keywords", limits.keywords, stats.entries, "keywords are in the list")
    if stats.entries:
        yield from held("matching.dead", limits.dead, stats.dead / stats.entries, "of the keywords are dead", share)


JUDGES: Mapping[str, Callable[[Manifest, Path, MatchingChecks], Iterator[Finding]]] = {"metadata": judge_metadata}
