"""Scores of many models made comparable: means over seeds, intervals, and differences paired by seed and image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tasks.evaluation.scoring.crossed import Estimate
from tasks.evaluation.scoring.intervals import Bootstrap, Interval, seed_interval
from tasks.evaluation.scoring.multiplicity import holm
from tasks.evaluation.scoring.power import seeds_needed
from tasks.reporting.inputs.measurements import Measurement
from tasks.reporting.page.formats import share
from tasks.reporting.sections.scores.names import meanings
from tasks.reporting.sections.scores.paired import estimate_of, holds_without_each, image_interval

FEWEST_SEEDS = 3
"""Trainings below which nothing is called a gain or a loss: of two, one left out leaves none to agree with."""


@dataclass(frozen=True)
class Summary:
    """A variant on a benchmark.

    Attributes:
        variant: the data trained on.
        benchmark: the benchmark's name.
        metric: the one that counts.
        mean: of `metric` over seeds.
        seeds: every seed and its raw value.
        interval: of the mean, over seeds and images together; over one of them where the other is not known.
        over_seeds: Student's t interval of the mean; None for one seed.
        over_images: bootstrap over test images with the models held fixed; None where answers were not kept.
        metrics: the mean of every metric.
        images: test images.
        choices: classes to choose from; 0 where the task is not classification.
        classes: those with test images.
        recalls: the mean recall of each of `classes`.
        findings: what to know of the benchmark itself, in sentences.
    """

    variant: str
    benchmark: str
    metric: str
    mean: float
    seeds: tuple[tuple[int, float], ...]
    interval: Interval | None
    over_seeds: Interval | None
    over_images: Interval | None
    metrics: dict[str, float | None]
    images: int
    choices: int
    classes: tuple[str, ...]
    recalls: tuple[float, ...]
    findings: tuple[str, ...] = ()

    @property
    def chance(self) -> float | None:
        """Expected score of guessing evenly, `1 / choices`; None for retrieval."""
        return 1 / self.choices if self.choices else None


@dataclass(frozen=True)
class Difference:
    """`variant` minus `reference` on a benchmark, over the seeds that both have.

    Attributes:
        variant: the one that should gain.
        reference: the one that it is held against.
        benchmark: the benchmark's name.
        metric: the one that counts.
        mean: of the differences over seeds.
        seeds: every seed and its difference.
        interval: of the mean, over seeds and images together; over one of them where the other is not known.
        over_seeds: Student's t interval of the mean; None for one seed.
        over_images: bootstrap over test images; None where the images differ or answers were not kept.
        p_value: of no difference, by the estimate behind `interval`.
        adjusted: the same, by Holm's correction for all differences of the report; None where too few seeds allow none.
        stable: whether the interval excludes zero on the same side with any one seed left out.
        alpha: what `adjusted` must stay below.
        seeds_needed: with which a difference of this size would be told from none four times out of five; None where
            more of them would not do, or there is one.
    """

    variant: str
    reference: str
    benchmark: str
    metric: str
    mean: float
    seeds: tuple[tuple[int, float], ...]
    interval: Interval | None
    over_seeds: Interval | None
    over_images: Interval | None
    p_value: float | None = None
    adjusted: float | None = None
    stable: bool = False
    alpha: float = 0.05
    seeds_needed: int | None = None

    @property
    def distinguishable(self) -> bool:
        """Whether it may be called a gain or a loss: significant after correction, and without any one seed too."""
        return self.adjusted is not None and self.adjusted <= self.alpha and self.stable

    @property
    def verdict(self) -> str:
        """The difference in a few words, for a table."""
        if self.interval is None:
            return "no interval"
        if len(self.seeds) < FEWEST_SEEDS:
            return "too few seeds"
        if self.distinguishable:
            return "gain" if self.mean > 0 else "loss"
        if self.adjusted is not None and self.adjusted <= self.alpha:
            return "rests on one seed"
        return "not distinguishable"


@dataclass(frozen=True)
class Scores:
    """The section: a summary for each variant and benchmark, and the differences that were asked for."""

    summaries: tuple[Summary, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def benchmarks(self) -> dict[str, list[Summary]]:
        """The summaries of every benchmark."""
        groups: dict[str, list[Summary]] = {}
        for each in self.summaries:
            groups.setdefault(each.benchmark, []).append(each)
        return groups

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """The variants and what their names mean."""
        return meanings([each.variant for each in self.summaries])

    @property
    def other_metrics(self) -> dict[str, list[str]]:
        """By benchmark, the metrics worth a column beside the primary one."""
        return {benchmark: _telling_metrics(group) for benchmark, group in self.benchmarks.items()}

    @property
    def pairs(self) -> dict[tuple[str, str], list[Difference]]:
        """The differences of every variant and reference."""
        groups: dict[tuple[str, str], list[Difference]] = {}
        for each in self.differences:
            groups.setdefault((each.variant, each.reference), []).append(each)
        return groups


def summarise(measurements: Sequence[Measurement], bootstrap: Bootstrap) -> tuple[Summary, ...]:
    """One summary for each variant and benchmark, in the order in which they first appear."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for measurement in measurements:
        groups.setdefault((measurement.benchmark, measurement.variant), []).append(measurement)
    return tuple(_summary(sorted(group, key=lambda each: each.seed), bootstrap) for group in groups.values())


def compare(
    measurements: Sequence[Measurement], pairs: Sequence[tuple[str, str]], bootstrap: Bootstrap
) -> tuple[Difference, ...]:
    """The differences `variant − reference` of each pair on each benchmark that both were scored on.

    Their p-values are corrected for each other, by Holm's method over those that have enough seeds for a verdict.
    """
    found = []
    benchmarks = dict.fromkeys(measurement.benchmark for measurement in measurements)
    for variant, reference in pairs:
        for benchmark in benchmarks:
            left = _by_seed(measurements, variant, benchmark)
            right = _by_seed(measurements, reference, benchmark)
            shared = [seed for seed in sorted(left) if seed in right]
            if shared:
                found.append(_difference([(left[seed], right[seed]) for seed in shared], bootstrap))
    return _corrected(found)


def _corrected(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    places = [place for place, each in enumerate(differences) if len(each.seeds) >= FEWEST_SEEDS]
    values = [(place, differences[place].p_value) for place in places]
    known = {place: value for place, value in values if value is not None}
    adjusted = dict(zip(known, holm(np.array(list(known.values()))).tolist(), strict=True))
    return tuple(replace(each, adjusted=adjusted.get(place)) for place, each in enumerate(differences))


def _summary(group: Sequence[Measurement], bootstrap: Bootstrap) -> Summary:
    first = group[0]
    values = np.array([each.value for each in group])
    recalls = np.array([each.recalls for each in group])
    names = dict.fromkeys(name for each in group for name in each.metrics)
    return Summary(
        variant=first.variant,
        benchmark=first.benchmark,
        metric=first.primary,
        mean=float(values.mean()),
        seeds=tuple((each.seed, each.value) for each in group),
        interval=_within(_interval(estimate_of(group), bootstrap)),
        over_seeds=_within(seed_interval(values, confidence=bootstrap.confidence)),
        over_images=image_interval(group, None, bootstrap),
        metrics={name: _mean([each.metrics.get(name) for each in group]) for name in names},
        images=first.images,
        choices=first.choices,
        classes=first.classes,
        recalls=tuple(float(value) for value in recalls.mean(axis=0)),
        findings=first.findings,
    )


def _difference(pairs: Sequence[tuple[Measurement, Measurement]], bootstrap: Bootstrap) -> Difference:
    ours, theirs = [each for each, _ in pairs], [each for _, each in pairs]
    values = np.array([left.value - right.value for left, right in pairs])
    estimate = estimate_of(ours, theirs)
    return Difference(
        variant=ours[0].variant,
        reference=theirs[0].variant,
        benchmark=ours[0].benchmark,
        metric=ours[0].primary,
        mean=float(values.mean()),
        seeds=tuple((each.seed, float(value)) for each, value in zip(ours, values, strict=True)),
        interval=_interval(estimate, bootstrap),
        over_seeds=seed_interval(values, confidence=bootstrap.confidence),
        over_images=image_interval(ours, theirs, bootstrap),
        p_value=estimate.p_value if estimate else None,
        stable=len(pairs) >= FEWEST_SEEDS and holds_without_each(ours, theirs, bootstrap.confidence),
        alpha=1 - bootstrap.confidence,
        seeds_needed=seeds_needed(estimate, float(values.var(ddof=1)), len(pairs), confidence=bootstrap.confidence)
        if estimate and len(pairs) > 1
        else None,
    )


def _interval(estimate: Estimate | None, bootstrap: Bootstrap) -> Interval | None:
    return estimate.interval(bootstrap.confidence) if estimate else None


def _within(interval: Interval | None) -> Interval | None:
    return interval.within(0.0, 1.0) if interval else None


def _by_seed(measurements: Sequence[Measurement], variant: str, benchmark: str) -> dict[int, Measurement]:
    return {each.seed: each for each in measurements if (each.variant, each.benchmark) == (variant, benchmark)}


def _telling_metrics(group: Sequence[Summary]) -> list[str]:
    """Metrics that every variant has and that are not, to the digit shown, the primary one over again."""

    def telling(name: str) -> bool:
        values = [each.metrics.get(name) for each in group]
        return None not in values and any(
            share(value) != share(each.mean) for value, each in zip(values, group, strict=True)
        )

    return [name for name in group[0].metrics if name != group[0].metric and telling(name)]


def _mean(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return float(np.mean(present)) if len(present) == len(values) else None
