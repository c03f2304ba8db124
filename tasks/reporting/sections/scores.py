"""Scores of many models made comparable: means over seeds, intervals, and differences paired by seed and image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tasks.evaluation.intervals import Bootstrap, Interval, seed_interval, stratified_mean_interval


@dataclass(frozen=True)
class Answers:
    """One model's answers on the images of a benchmark: `label` [n] and whether it was recognised, `correct` [n]."""

    label: NDArray[np.int64]
    correct: NDArray[np.bool_]


@dataclass(frozen=True)
class Measurement:
    """One model scored on one benchmark; `answers` is None, and `choices` 0, where the task is not classification.

    `classes` are those with test images, `recalls` their recalls; `choices` counts the classes without images too.
    """

    variant: str
    seed: int
    benchmark: str
    primary: str
    metrics: Mapping[str, float | None]
    images: int
    choices: int = 0
    classes: tuple[str, ...] = ()
    recalls: tuple[float, ...] = ()
    answers: Answers | None = field(default=None, compare=False)

    @property
    def value(self) -> float:
        """The primary metric."""
        value = self.metrics[self.primary]
        assert value is not None  # evaluation never chooses a missing metric as the primary one
        return value


@dataclass(frozen=True)
class Summary:
    """A variant on a benchmark.

    Attributes: `mean` of the primary `metric` over seeds; `seeds`, every raw value; `over_seeds`, Student's t interval
    of the mean (None for one seed); `over_images`, the bootstrap over test images with the models held fixed (None
    where answers were not kept); `metrics`, the mean of every metric; `recalls`, the mean recall of each class.
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

    `decisive` is the interval that the verdict rests on: over seeds where there are at least two, else over images.
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
        """The interval that answers whether the gain would come again."""
        return self.over_seeds or self.over_images

    @property
    def distinguishable(self) -> bool:
        """Whether the decisive interval excludes zero."""
        return self.decisive is not None and self.decisive.excludes(0.0)


def summarise(measurements: Sequence[Measurement], bootstrap: Bootstrap) -> list[Summary]:
    """One summary for each variant and benchmark, in the order in which they first appear."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for measurement in measurements:
        groups.setdefault((measurement.benchmark, measurement.variant), []).append(measurement)
    return [_summary(sorted(group, key=lambda each: each.seed), bootstrap) for group in groups.values()]


def compare(
    measurements: Sequence[Measurement], pairs: Sequence[tuple[str, str]], bootstrap: Bootstrap
) -> list[Difference]:
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
    return found


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


def _mean(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return float(np.mean(present)) if len(present) == len(values) else None
