"""The checks of every room together: their limits, as an experiment sets them, and the judgement of an output.

A room declares its own in `checks.py`. Judging reads a manifest's figures, and a file or two where those do not say
enough; it computes nothing again, so that what comes from the cache is judged as well, by the limits of today.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.balancing.checks import JUDGES as BALANCING
from tasks.balancing.checks import BalancingChecks
from tasks.embedding.checks import JUDGES as EMBEDDING
from tasks.embedding.checks import EmbeddingChecks
from tasks.evaluation.checks import JUDGES as EVALUATION
from tasks.evaluation.checks import EvaluationChecks
from tasks.geometry.checks import JUDGES as GEOMETRY
from tasks.geometry.checks import GeometryChecks
from tasks.ingest.checks import JUDGES as INGEST
from tasks.ingest.checks import IngestChecks
from tasks.limits import Finding
from tasks.matching.checks import JUDGES as MATCHING
from tasks.matching.checks import MatchingChecks
from tasks.resampling.checks import JUDGES as RESAMPLING
from tasks.resampling.checks import ResamplingChecks
from tasks.screening.checks import JUDGES as SCREENING
from tasks.screening.checks import ScreeningChecks
from tasks.training.checks import JUDGES as TRAINING
from tasks.training.checks import TrainingChecks

_ROOMS: Mapping[str, Mapping[str, Any]] = {
    "ingest": INGEST,
    "screening": SCREENING,
    "matching": MATCHING,
    "balancing": BALANCING,
    "resampling": RESAMPLING,
    "embedding": EMBEDDING,
    "geometry": GEOMETRY,
    "training": TRAINING,
    "evaluation": EVALUATION,
}
"""Section → stage → who judges its outputs."""


class Checks(Config):
    """What the outputs of stages are held against. Another limit computes no stage again but the report."""

    ingest: IngestChecks = Field(default_factory=IngestChecks, description="pairs as they come in")
    screening: ScreeningChecks = Field(default_factory=ScreeningChecks, description="repetitions and leaks")
    matching: MatchingChecks = Field(default_factory=MatchingChecks, description="the keyword list")
    balancing: BalancingChecks = Field(default_factory=BalancingChecks, description="the weights")
    resampling: ResamplingChecks = Field(
        default_factory=ResamplingChecks, description="the selection and the curated shards"
    )
    embedding: EmbeddingChecks = Field(default_factory=EmbeddingChecks, description="embeddings")
    geometry: GeometryChecks = Field(default_factory=GeometryChecks, description="how embeddings lie")
    training: TrainingChecks = Field(default_factory=TrainingChecks, description="trained models")
    evaluation: EvaluationChecks = Field(default_factory=EvaluationChecks, description="scores")


def judge(checks: Checks, manifest: Manifest, folder: Path) -> tuple[Finding, ...]:
    """What the checks say of one output whose files lie in `folder`; nothing of stages that have none."""
    return tuple(
        finding
        for room, judges in _ROOMS.items()
        if manifest.stage in judges
        for finding in judges[manifest.stage](manifest, folder, getattr(checks, room))
    )


@dataclass(frozen=True)
class Verdict:
    """One check over all the outputs that it judged.

    Attributes:
        check: its name below `checks`.
        stage: whose outputs.
        severity: error or warning.
        judged: how many figures.
        failed: how many of them are beyond the limit.
        said: of the first that failed, else of the first.
        runs: which runs failed.
    """

    check: str
    stage: str
    severity: str
    judged: int
    failed: int
    said: str
    runs: tuple[str, ...]

    @property
    def word(self) -> str:
        """Passed, warning or error."""
        return self.severity if self.failed else "passed"


def verdicts(found: Iterable[tuple[str, str, Finding]]) -> list[Verdict]:
    """Findings, each with its run and stage, folded to a line for each check and stage: errors first, then warnings."""
    ordered = sorted(enumerate(found), key=lambda each: (each[1][2].check, each[1][1], each[0]))
    folded = []
    for (check, stage), group in groupby((each for _, each in ordered), key=lambda each: (each[2].check, each[1])):
        members = list(group)
        failed = [(run, finding) for run, _, finding in members if not finding.passed]
        first = failed[0][1] if failed else members[0][2]
        runs = tuple(dict.fromkeys(run for run, _ in failed))
        folded.append(Verdict(check, stage, first.severity, len(members), len(failed), first.said, runs))
    rank = {"error": 0, "warning": 1, "passed": 2}
    return sorted(folded, key=lambda each: rank[each.word])


def counted(words: Sequence[str]) -> str:
    """The words of verdicts: `41 passed, 2 warnings, 1 error`."""
    said = [f"{words.count('passed')} passed"]
    for word in ("warning", "error"):
        if count := words.count(word):
            said.append(f"{count} {word}{'' if count == 1 else 's'}")
    return ", ".join(said)
