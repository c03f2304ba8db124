"""What each run came to, and every arm over its seeds."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from pydantic import Field
from scipy.special import stdtr

from storage.config import Config
from tasks.evaluation.scoring.intervals import seed_interval
from tasks.evaluation.scoring.multiplicity import holm
from tasks.evaluation.stats import ProbeStats
from tasks.studies.selfsupervised.config import ArmLabel
from tasks.studies.selfsupervised.inputs import Run
from tasks.training.stats import SelfSupervisedStats


class Outcome(Config):
    """One run's numbers."""

    label: ArmLabel = Field(description="of which training")
    linear: float = Field(description="top-1 accuracy of the linear probe")
    neighbours: float = Field(description="top-1 accuracy of the nearest neighbours")
    effective_rank: float = Field(description="RankMe of the backbone's features of the test pictures")
    spread: float | None = Field(default=None, description="of the embeddings; 0: one point")
    directions: float | None = Field(default=None, description="participation ratio of the embeddings")
    norm: float | None = Field(default=None, description="mean length of the embeddings")
    prototypes: float | None = Field(default=None, description="how many are used")
    seconds: float | None = Field(default=None, description="of the training stage")


class Summary(Config):
    """An arm over its seeds."""

    group: str = Field(description="its group")
    name: str = Field(description="of the arm")
    paper: float | None = Field(default=None, description="the paper's top-1 accuracy in per cent; 0: a collapse")
    runs: int = Field(description="seeds")
    mean: float = Field(description="mean over seeds")
    low: float | None = Field(default=None, description="of the interval over seeds; null: one seed")
    high: float | None = Field(default=None, description="the same")


class Difference(Config):
    """An arm against the reference of its group, seed by seed."""

    group: str = Field(description="their group")
    name: str = Field(description="of the arm")
    mean: float = Field(description="mean difference over seeds")
    low: float = Field(description="of its interval")
    high: float = Field(description="of its interval")
    p: float = Field(description="two-sided, of Student's paired t test")
    adjusted: float = Field(description="the same by Holm, over all comparisons of the page")


class Labelled(Protocol):
    """What a run came to, whatever was measured: arms are summed up and compared in the same way."""

    @property
    def label(self) -> ArmLabel:
        """Of which training."""


MEASURES = ("linear", "neighbours", "effective_rank", "spread", "directions", "norm", "prototypes")


def read_outcomes(runs: Sequence[Run]) -> list[Outcome]:
    """The numbers of all runs, from their manifests."""
    return [_outcome(run) for run in runs]


def _outcome(run: Run) -> Outcome:
    probed = ProbeStats.of(run.probed)
    scores = probed.metrics
    trained = SelfSupervisedStats.of(run.model) if run.model is not None else None
    return Outcome(
        label=run.label,
        linear=float(scores["acc1"] or 0.0),
        neighbours=float(scores["knn_acc1"] or 0.0),
        effective_rank=probed.effective_rank,
        spread=trained.spread if trained else None,
        directions=trained.rank if trained else None,
        norm=trained.first_norm if trained else None,
        prototypes=trained.prototypes if trained else None,
        seconds=trained.seconds if trained else None,
    )


def values_of(outcomes: Sequence[Labelled], group: str, name: str, measure: str) -> dict[int, float]:
    """A measure of one arm by seed, where it was measured."""
    found = {
        each.label.seed: getattr(each, measure)
        for each in outcomes
        if (each.label.group, each.label.name) == (group, name)
    }
    return {seed: float(value) for seed, value in found.items() if value is not None}


def arms_of(outcomes: Sequence[Labelled]) -> list[tuple[str, str]]:
    """Groups and names, in the order in which they came."""
    return list(dict.fromkeys((each.label.group, each.label.name) for each in outcomes))


def summaries(outcomes: Sequence[Labelled], measure: str, confidence: float) -> list[Summary]:
    """Every arm's mean of a measure and its Student's t interval over seeds; arms without the measure are left out."""
    papers = {(each.label.group, each.label.name): each.label.paper for each in outcomes}
    found = []
    for group, name in arms_of(outcomes):
        values = np.array(list(values_of(outcomes, group, name, measure).values()))
        if not len(values):
            continue
        interval = seed_interval(values, confidence=confidence)
        found.append(
            Summary(
                group=group,
                name=name,
                paper=papers[group, name],
                runs=len(values),
                mean=float(values.mean()),
                low=interval.low if interval else None,
                high=interval.high if interval else None,
            )
        )
    return found


def differences(outcomes: Sequence[Labelled], measure: str, reference: str, confidence: float) -> list[Difference]:
    """Every arm minus the reference of its group, over the seeds that both have; at least two of them."""
    rows: list[tuple[str, str, np.ndarray]] = []
    for group, name in arms_of(outcomes):
        base = values_of(outcomes, group, reference, measure)
        values = values_of(outcomes, group, name, measure)
        shared = sorted(base.keys() & values.keys())
        if name != reference and len(shared) >= 2:
            rows.append((group, name, np.array([values[seed] - base[seed] for seed in shared])))
    if not rows:
        return []
    p_values = np.array([_paired_p(change) for _, _, change in rows])
    found = []
    for (group, name, change), p, adjusted in zip(rows, p_values, holm(p_values), strict=True):
        interval = seed_interval(change, confidence=confidence)
        assert interval is not None
        found.append(
            Difference(group=group, name=name, mean=float(change.mean()), low=interval.low, high=interval.high,
                       p=float(p), adjusted=float(adjusted))
        )  # fmt: skip
    return found


def _paired_p(change: np.ndarray) -> float:
    error = float(change.std(ddof=1)) / len(change) ** 0.5
    if error == 0:
        return 1.0 if change.mean() == 0 else 0.0
    return float(2 * stdtr(len(change) - 1, -abs(change.mean()) / error))
