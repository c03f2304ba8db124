"""What is asked of a balance: that there is something to balance, and that what it costs and misses is bearable."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.balancing.stats import BalanceStats
from tasks.limits import AtLeast, AtMost, Finding, held, share


class BalancingChecks(Config):
    """Checks of the weights."""

    matched: AtLeast = Field(
        default_factory=lambda: AtLeast(least=0.1), description="share of the captions that hold a keyword"
    )
    effective_sample_size: AtLeast = Field(
        default_factory=lambda: AtLeast(least=0.02),
        description="Kish's effective sample size of the weights, as a share of the captions that hold a keyword",
    )
    total_variation: AtMost = Field(
        default_factory=lambda: AtMost(most=0.5),
        description="share of the keyword mass that the weights leave away from the target",
    )


def judge_balance(manifest: Manifest, folder: Path, limits: BalancingChecks) -> Iterator[Finding]:
    """Captions that match, the effective sample size, and the distance from the target."""
    stats = BalanceStats.of(manifest)
    matched = stats.matched / stats.rows if stats.rows else 0.0
    yield from held("balancing.matched", limits.matched, matched, "of the captions hold a keyword", share)
    size = stats.effective_sample_size / stats.matched if stats.matched else 0.0
    words = "of the captions with a keyword is the effective sample size of the weights"
    yield from held("balancing.effective_sample_size", limits.effective_sample_size, size, words, share)
    words = "of the keyword mass is away from the target by the weights (total variation)"
    yield from held("balancing.total_variation", limits.total_variation, stats.total_variation, words, share)


JUDGES: Mapping[str, Callable[[Manifest, Path, BalancingChecks], Iterator[Finding]]] = {"balance": judge_balance}
