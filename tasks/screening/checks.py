"""What is asked of the pairs once they are screened."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.limits import AtMost, Finding, held, plain, share
from tasks.screening.config import LeakageConfig
from tasks.screening.stats import DeduplicateStats, LeakageStats


class ScreeningChecks(Config):
    """Checks of repetitions and leaks."""

    leaks: AtMost = Field(
        default_factory=AtMost, description="pairs that show an image of a benchmark and are not dropped"
    )
    repeated: AtMost = Field(
        default_factory=lambda: AtMost(most=0.5), description="share of the pairs that repeat another and are dropped"
    )


def judge_leakage(manifest: Manifest, folder: Path, limits: ScreeningChecks) -> Iterator[Finding]:
    """The leaks that stay: all of them, unless the configuration drops images."""
    stats, config = LeakageStats.of(manifest), LeakageConfig.model_validate(manifest.parameters["config"])
    left = 0 if config.drop in ("images", "both") else stats.leaks
    words = f"leaks of the benchmark {stats.benchmark} stay, of {plain(stats.leaks)} found"
    yield from held("screening.leaks", limits.leaks, left, words)


def judge_repeated(manifest: Manifest, folder: Path, limits: ScreeningChecks) -> Iterator[Finding]:
    """How much of the data repeats the rest of it."""
    stats = DeduplicateStats.of(manifest)
    if stats.rows:
        words = "of the pairs repeat another"
        yield from held("screening.repeated", limits.repeated, stats.dropped / stats.rows, words, share)


JUDGES: Mapping[str, Callable[[Manifest, Path, ScreeningChecks], Iterator[Finding]]] = {
    "leakage": judge_leakage,
    "deduplicate": judge_repeated,
}
