r"""How often intervals hold the truth, by simulation where the truth is known in closed form.

Two models answer the same images, and each is trained from several seeds. Model `m` of seed `s` is right on image `i`
where

    a_m + S_ms + I_i + J_mi + e_msi > 0,

with normal effects of seeds, of images for both models, of images for one model, and of chance (σ_e = 1). Its share of
right answers over all seeds and images is `Φ(a_m / √(1 + σ²_S + σ²_I + σ²_J))`, and the difference of two shares is
what an interval should hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from tasks.arrays import Floats
from tasks.evaluation.scoring.crossed import crossed_estimate
from tasks.evaluation.scoring.intervals import Interval, seed_interval

LEVELS = (0.3, 0.6)
"""The two models' thresholds: shares of right answers around 60 and 70 %."""


@dataclass(frozen=True)
class Scenario:
    """What varies, in units of the chance within one answer.

    Attributes:
        seeds: trainings of each model.
        images: test images, in eight classes.
        of_seeds: standard deviation of the trainings.
        of_images: standard deviation of the images, the same for both models.
        of_both: standard deviation of the images for one model.
    """

    seeds: int
    images: int
    of_seeds: float
    of_images: float
    of_both: float

    @property
    def truth(self) -> float:
        """The difference over all seeds and images."""
        spread = np.sqrt(1 + self.of_seeds**2 + self.of_images**2 + self.of_both**2)
        first, second = (float(ndtr(level / spread)) for level in LEVELS)
        return second - first

    def draws(self, repetitions: int, seed: int) -> Iterator[Floats]:
        """Differences of right answers, `[seeds, images]`, experiment by experiment."""
        generator = np.random.default_rng(seed)
        for _ in range(repetitions):
            images = generator.normal(0, self.of_images, self.images)
            right = [
                level
                + generator.normal(0, self.of_seeds, (self.seeds, 1))
                + images
                + generator.normal(0, self.of_both, self.images)
                + generator.normal(0, 1, (self.seeds, self.images))
                > 0
                for level in LEVELS
            ]
            yield right[1].astype(np.float64) - right[0]


@dataclass(frozen=True)
class Coverage:
    """Shares of experiments in which an interval held the truth.

    Attributes:
        scenario: what varied.
        combined: of the interval over seeds and images.
        over_seeds: of that over seeds alone.
        over_images: of that over images alone, of the mean over seeds.
    """

    scenario: Scenario
    combined: float
    over_seeds: float
    over_images: float


def coverage(scenario: Scenario, *, repetitions: int, confidence: float = 0.95, seed: int = 0) -> Coverage:
    """What three intervals cover.

    Args:
        scenario: what varies.
        repetitions: experiments.
        confidence: that the intervals aim at.
        seed: of the experiments.
    """
    classes = np.arange(scenario.images) % 8
    held = np.zeros(3)
    for values in scenario.draws(repetitions, seed):
        found = (crossed_estimate(values, classes), crossed_estimate(values.mean(axis=0, keepdims=True), classes))
        both, images = (None if each is None else each.interval(confidence) for each in found)
        seeds = seed_interval(values.mean(axis=1), confidence=confidence)
        held += [_holds(each, scenario.truth) for each in (both, seeds, images)]
    combined, over_seeds, over_images = (held / repetitions).tolist()
    return Coverage(scenario, combined, over_seeds, over_images)


def scenarios(seeds: Sequence[int] = (3, 5, 10), images: int = 1024) -> list[Scenario]:
    """From trainings that all agree to trainings that differ more than the images do."""
    mixtures = ((0.0, 1.0, 0.7), (0.03, 1.0, 0.7), (0.06, 1.0, 0.7), (0.1, 1.0, 0.7), (0.3, 1.0, 0.7), (0.1, 0.0, 0.0))
    return [Scenario(count, images, *each) for count in seeds for each in mixtures]


def _holds(interval: Interval | None, truth: float) -> bool:
    return interval is not None and not interval.excludes(truth)
