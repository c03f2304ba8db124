"""What is asked of scores: more than chance gives, and some recall of every class."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.evaluation.stats import BenchmarkStats, EvaluationStats, ProbeStats
from tasks.limits import AtMost, Finding, Holds, held, holds, share

NAMED = 5  # classes without recall that are called by name


class EvaluationChecks(Config):
    """Checks of scores on benchmarks."""

    above_chance: Holds = Field(
        default_factory=Holds, description="the score's whole interval over images lies above chance"
    )
    unrecognised: AtMost = Field(
        default_factory=lambda: AtMost(most=0.1), description="share of the classes of which no image is recognised"
    )


def judge_benchmark(manifest: Manifest, folder: Path, limits: EvaluationChecks) -> Iterator[Finding]:
    """A model's zero-shot scores on one benchmark."""
    stats = BenchmarkStats.of(manifest)
    yield from _above_chance(stats, limits, f" on {stats.benchmark}")
    yield from _recalls(folder, limits, stats.benchmark)


def judge_probe(manifest: Manifest, folder: Path, limits: EvaluationChecks) -> Iterator[Finding]:
    """Scores of classifiers of frozen features."""
    yield from _above_chance(ProbeStats.of(manifest), limits, " of the probe")


def _above_chance(stats: EvaluationStats, limits: EvaluationChecks, where: str) -> Iterator[Finding]:
    if stats.classes < 2:  # retrieval, and benchmarks that cannot be failed
        return
    chance, (low, high) = 1 / stats.classes, stats.interval
    interval = f"{share(stats.value)}, {share(low)} to {share(high)}"
    words = f"{stats.primary.replace('_', ' ')}{where} is {interval}; chance gives {share(chance)}"
    yield from holds("evaluation.above_chance", limits.above_chance, low > chance, words)


def _recalls(folder: Path, limits: EvaluationChecks, benchmark: str) -> Iterator[Finding]:
    if limits.unrecognised.severity == "off":
        return
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    classes = scores.get("classes") or []
    missed = [str(each["name"]) for each in classes if each["recall"] == 0]
    if classes:
        named = f": {', '.join(missed[:NAMED])}{', …' if len(missed) > NAMED else ''}" if missed else ""
        words = f"of the classes of {benchmark} are never recognised{named}"
        yield from held("evaluation.unrecognised", limits.unrecognised, len(missed) / len(classes), words, share)


JUDGES: Mapping[str, Callable[[Manifest, Path, EvaluationChecks], Iterator[Finding]]] = {
    "evaluate": judge_benchmark,
    "evaluate_heads": judge_benchmark,
    "probe": judge_probe,
}
