"""Scores of many models made comparable: means over seeds, intervals, and differences paired by seed and image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.evaluation.scoring.intervals import Bootstrap, Interval, seed_interval, stratified_mean_interval
from tasks.reporting.inputs.measurements import Answers, Measurement
from tasks.reporting.page.formats import share


@dataclass(frozen=True)
class Summary:
    """A variant on a benchmark.

    Attributes:
        variant: the data trained on.
        benchmark: the benchmark's name.
        metric: the one that counts.
        mean: of `metric` over seeds.
        seeds: every seed and its raw value.
        over_seeds: Student's t interval of the mean; None for one seed.
        over_images: bootstrap over test images with the models held fixed; None where answers were not kept.
        metrics: the mean of every metric.
        images: test images.
        choices: classes to choose from; 0 where the task is not classification.
        classes: those with test images.
        recalls: the mean recall of each of `classes`.
    """

    variant: str
    benchmark: str
    metric: str
    mean: float
    seeds: tuple[tuple[int, float], ...]
    over_seeds: Interval | None
    over_images: Interval | None
    metrics: dict[str, float | None]
    images: int
    choices: int
    classes: tuple[str, ...]
    recalls: tuple[float, ...]

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
        over_seeds: Student's t interval of the mean; None for one seed.
        over_images: bootstrap over test images; None where the images differ or answers were not kept.
    """

    variant: str
    reference: str
    benchmark: str
    metric: str
    mean: float
    seeds: tuple[tuple[int, float], ...]
    over_seeds: Interval | None
    over_images: Interval | None

    @property
    def decisive(self) -> Interval | None:
        """The interval that answers whether the gain would come again: over seeds where there are at least two."""
        return self.over_seeds or self.over_images

    @property
    def distinguishable(self) -> bool:
        """Whether the decisive interval excludes zero."""
        return self.decisive is not None and self.decisive.excludes(0.0)

    @property
    def verdict(self) -> str:
        """The difference in a word or two, for a table."""
        if self.decisive is None:
            return "no interval"
        if not self.distinguishable:
            return "not distinguishable"
        return "gain" if self.mean > 0 else "loss"


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
    """The differences `variant − reference` of each pair on each benchmark that both were scored on."""
    found = []
    benchmarks = dict.fromkeys(measurement.benchmark for measurement in measurements)
    for variant, reference in pairs:
        for benchmark in benchmarks:
            left = _by_seed(measurements, variant, benchmark)
            right = _by_seed(measurements, reference, benchmark)
            shared = [seed for seed in sorted(left) if seed in right]
            if shared:
                found.append(_difference([(left[seed], right[seed]) for seed in shared], bootstrap))
    return tuple(found)


def _summary(group: Sequence[Measurement], bootstrap: Bootstrap) -> Summary:
    first = group[0]
    values = np.array([each.value for each in group])
    recalls = np.array([each.recalls for each in group])
    names = dict.fromkeys(name for each in group for name in each.metrics)
    over_seeds = seed_interval(values, confidence=bootstrap.confidence)
    return Summary(
        variant=first.variant,
        benchmark=first.benchmark,
        metric=first.primary,
        mean=float(values.mean()),
        seeds=tuple((each.seed, each.value) for each in group),
        over_seeds=over_seeds.within(0.0, 1.0) if over_seeds else None,
        over_images=_image_interval([each.answers for each in group], None, bootstrap),
        metrics={name: _mean([each.metrics.get(name) for each in group]) for name in names},
        images=first.images,
        choices=first.choices,
        classes=first.classes,
        recalls=tuple(float(value) for value in recalls.mean(axis=0)),
    )


def _difference(pairs: Sequence[tuple[Measurement, Measurement]], bootstrap: Bootstrap) -> Difference:
    left, right = pairs[0]
    values = np.array([ours.value - theirs.value for ours, theirs in pairs])
    return Difference(
        variant=left.variant,
        reference=right.variant,
        benchmark=left.benchmark,
        metric=left.primary,
        mean=float(values.mean()),
        seeds=tuple((ours.seed, float(value)) for (ours, _), value in zip(pairs, values, strict=True)),
        over_seeds=seed_interval(values, confidence=bootstrap.confidence),
        over_images=_image_interval(
            [ours.answers for ours, _ in pairs], [theirs.answers for _, theirs in pairs], bootstrap
        ),
    )


def _image_interval(
    ours: Sequence[Answers | None], theirs: Sequence[Answers | None] | None, bootstrap: Bootstrap
) -> Interval | None:
    """Bootstrap over images of the mean over seeds; the same images for all models, so differences stay paired."""
    others = list(theirs or ())
    kept = [each for each in [*ours, *others] if each is not None]
    if len(kept) < len(ours) + len(others) or not kept:
        return None
    label = kept[0].label
    if any(not np.array_equal(each.label, label) for each in kept):
        return None  # scored on other images: not paired
    values = np.mean([each.correct for each in kept[: len(ours)]], axis=0)
    if others:
        values = values - np.mean([each.correct for each in kept[len(ours) :]], axis=0)
    return stratified_mean_interval(values.astype(np.float64), label, bootstrap)


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
