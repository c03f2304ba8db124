r"""Intervals: over test images by the bootstrap, over training seeds by Student's t.

The two answer different questions. Images: how much would this model's score move on another test set of the same kind?
Seeds: how much would the mean over training runs move with other runs? Neither contains the other.

Resampling n images with replacement and counting the correct ones *is* a binomial draw, `Binomial(n, p̂)`, so the
bootstrap of a share needs no index arrays: its distribution is drawn exactly, in O(resamples · strata). The same per
class gives the stratified bootstrap of mean per-class recall, `mean_c Binomial(n_c, r̂_c) / n_c`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit  # scipy.stats takes half a second to import, and every report imports this

from tasks.arrays import Floats, Int64s

BLOCK = 2**22  # draws held at a time, 32 MiB


@dataclass(frozen=True)
class Bootstrap:
    """How often to resample the test images, the coverage to aim at, and the seed of the draws."""

    resamples: int = 2000
    confidence: float = 0.95
    seed: int = 0

    def generator(self, purpose: str) -> np.random.Generator:
        """One stream a purpose, so that the intervals of different metrics do not share draws."""
        return np.random.default_rng([self.seed, *purpose.encode()])


STANDARD = Bootstrap()


@dataclass(frozen=True)
class Interval:
    """A confidence interval `[low, high]`.

    Attributes:
        low: its lower end.
        high: its upper end.
        over: what was resampled or repeated, `"images"` or `"seeds"`.
        units: how many of them there were.
    """

    low: float
    high: float
    over: str
    units: int

    def within(self, low: float, high: float) -> "Interval":
        """The part of the interval that is possible at all: a share lies in [0, 1] whatever Student's t says."""
        return replace(self, low=max(self.low, low), high=min(self.high, high))

    def excludes(self, value: float) -> bool:
        """Whether `value` lies outside."""
        return value < self.low or value > self.high


def share_interval(correct: int, images: int, bootstrap: Bootstrap = STANDARD) -> Interval:
    """Percentile bootstrap of a share of images, `correct / images`.

    At a share of exactly 0 or 1 every resample is equal and the interval has no width: the bootstrap cannot see
    outcomes that the sample does not hold.
    """
    draws = bootstrap.generator("share").binomial(images, correct / images, size=bootstrap.resamples) / images
    return percentiles(draws, bootstrap, images)


def mean_recall_interval(
    correct: Int64s,
    images: Int64s,
    bootstrap: Bootstrap = STANDARD,
) -> Interval:
    """Bootstrap of mean per-class recall, stratified: each class keeps its number of images.

    Args:
        correct: [c] correctly classified images of each class.
        images: [c] images of each class, each at least 1.
        bootstrap: how often to resample, and for which coverage.
    """
    generator = bootstrap.generator("recall")
    recall = correct / images
    draws = np.empty(bootstrap.resamples)
    step = max(1, BLOCK // len(images))
    for start in range(0, bootstrap.resamples, step):
        stop = min(start + step, bootstrap.resamples)
        drawn = generator.binomial(images, recall, size=(stop - start, len(images)))
        draws[start:stop] = (drawn / images).mean(axis=1)
    return percentiles(draws, bootstrap, int(images.sum()))


def ratio_interval(
    numerator: Floats,
    denominator: Floats,
    bootstrap: Bootstrap = STANDARD,
) -> Interval:
    """Bootstrap of `Σ numerator / Σ denominator` over images that each bring several queries (its captions, say).

    Args:
        numerator: [n] hits of each image's queries.
        denominator: [n] queries of each image.
        bootstrap: how often to resample, and for which coverage.
    """
    images = len(numerator)
    generator = bootstrap.generator("ratio")
    draws = np.empty(bootstrap.resamples)
    step = max(1, BLOCK // images)
    for start in range(0, bootstrap.resamples, step):
        stop = min(start + step, bootstrap.resamples)
        copies = generator.multinomial(images, np.full(images, 1.0 / images), size=stop - start)
        draws[start:stop] = (copies @ numerator) / (copies @ denominator)
    return percentiles(draws, bootstrap, images)


def stratified_mean_interval(
    values: Floats,
    strata: Int64s,
    bootstrap: Bootstrap = STANDARD,
) -> Interval:
    """Bootstrap of the mean over strata of the mean of `values` in each: a paired difference of per-class recalls.

    Args:
        values: [n] one number an image, such as (correct by A) − (correct by B).
        strata: [n] the image's class.
        bootstrap: how often to resample, and for which coverage.
    """
    generator = bootstrap.generator("paired")
    draws = np.zeros(bootstrap.resamples)
    classes = np.unique(strata)
    for stratum in classes:
        members = values[strata == stratum]
        step = max(1, BLOCK // len(members))
        for start in range(0, bootstrap.resamples, step):
            stop = min(start + step, bootstrap.resamples)
            drawn = generator.integers(len(members), size=(stop - start, len(members)))
            draws[start:stop] += members[drawn].mean(axis=1) / len(classes)
    return percentiles(draws, bootstrap, len(values))


def seed_interval(values: Floats, *, confidence: float = 0.95) -> Interval | None:
    r"""Student's t interval of a mean over training runs, `x̄ ± t_{n−1} · s / √n`; None for fewer than two runs.

    Args:
        values: [n] one score, or one paired difference, a seed.
        confidence: the coverage to aim at.
    """
    runs = len(values)
    if runs < 2:
        return None
    half = float(stdtrit(runs - 1, 0.5 + confidence / 2)) * float(np.std(values, ddof=1)) / math.sqrt(runs)
    mean = float(np.mean(values))
    return Interval(low=mean - half, high=mean + half, over="seeds", units=runs)


def percentiles(draws: Floats, bootstrap: Bootstrap, images: int) -> Interval:
    """The interval over images that holds the middle of the draws."""
    tail = (1.0 - bootstrap.confidence) / 2
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Interval(low=float(low), high=float(high), over="images", units=images)
