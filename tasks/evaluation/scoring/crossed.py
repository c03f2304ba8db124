r"""One interval over training seeds and test images together: a mixed model whose two random effects are crossed.

Every seed's model answers the same images: a score of seed `s` on image `i`, or a difference of two models' scores, is

    d_si = μ + S_s + I_i + E_si,

with effects of seeds, of images within their classes, and of the two together. What should come again is `μ`, on other
images and with other seeds. Its estimate, the mean over seeds of mean per-class recall, has the variance

    σ²_S / k + σ²_I / n + σ²_E / (k n) = A + B − G,

where `A` is the variance of the seeds' means over `k`, `B` that of the images' means over `n`, and `G` the mean square
of the interaction over `k n`, which `A` and `B` both contain. Satterthwaite's formula (Biometrics Bulletin 2, 1946)
gives the degrees of freedom of such a sum, and Student's t the interval.

An interval over seeds alone is too narrow where few seeds happen to agree, and one over images alone knows nothing of
other trainings. `coverage.py` simulates what each of them covers: where 95 % is aimed at, this one 94 to 96 % from five
seeds on, and 93 to 97 % with three. Weerahandi's generalised pivotal quantity (JASA 88, 1993) of the same three parts
covered 95 to 98 % with three seeds, by intervals up to 27 % wider: it errs on the other side, and is not used.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit  # scipy.stats takes half a second to import, and every report imports this

from tasks.arrays import Floats, Int64s
from tasks.evaluation.scoring.intervals import Interval


@dataclass(frozen=True)
class Estimate:
    """A mean, and how far it can be trusted.

    Attributes:
        mean: over seeds and images.
        error: its standard error.
        freedom: degrees of freedom of `error`, by Satterthwaite's formula.
        over: what varied: `"seeds and images"`, `"seeds"` or `"images"`.
        units: how many trainings there were, or images where there was one training.
    """

    mean: float
    error: float
    freedom: float
    over: str
    units: int

    def interval(self, confidence: float = 0.95) -> Interval:
        """Student's t interval of the mean."""
        half = float(stdtrit(self.freedom, 0.5 + confidence / 2)) * self.error
        return Interval(low=self.mean - half, high=self.mean + half, over=self.over, units=self.units)

    @property
    def p_value(self) -> float:
        """Two-sided, of the hypothesis that the mean is zero."""
        if self.error == 0:
            return 1.0 if self.mean == 0 else 0.0
        return 2 * float(stdtr(self.freedom, -abs(self.mean) / self.error))


@dataclass(frozen=True)
class _Part:
    """A variance of the mean and its degrees of freedom."""

    variance: float
    freedom: float


def crossed_estimate(values: Floats, classes: Int64s | None = None) -> Estimate | None:
    """The mean of `values` over seeds of the mean over classes, with its error over seeds and images.

    Args:
        values: [k, n] one number for each seed and image, such as (correct by A) − (correct by B); or [k, 1], a score
            for each seed, where single images are not known.
        classes: [n] of the images; None for one class. A class keeps its number of images.

    Returns:
        None where nothing varied: one seed, and images that are not known or that have a class each.

    Raises:
        ValueError: for an empty or one-dimensional array.
    """
    if values.ndim != 2 or not values.size:
        raise ValueError(f"values have the shape {values.shape}; they must be [seeds, images], one of each at least")
    seeds, images = values.shape
    _, place, count = np.unique(
        np.zeros(images, np.int64) if classes is None else classes, return_inverse=True, return_counts=True
    )

    def by_class(numbers: Floats) -> Floats:
        """Sums over each class, [c]."""
        sums: Floats = np.bincount(place, numbers, minlength=len(count)).astype(np.float64)
        return sums

    recalls = np.array([by_class(row) for row in values]) / count  # [k, c]
    means = recalls.mean(axis=1)
    mean = float(means.mean())
    of_seeds = _Part(float(means.var(ddof=1)) / seeds, seeds - 1) if seeds > 1 else None
    if not (count > 1).any():
        return None if of_seeds is None else _over(mean, of_seeds, "seeds", seeds)
    of_image = values.mean(axis=0)
    typical = recalls.mean(axis=0)
    of_images = _stratified(by_class((of_image - typical[place]) ** 2), count)
    if of_seeds is None:
        return _over(mean, of_images, "images", images)
    rest = values - recalls[:, place] - (of_image - typical[place])
    both = _stratified(by_class((rest**2).sum(axis=0)) / (seeds - 1), count)
    both = _Part(both.variance / seeds, both.freedom * (seeds - 1))
    return _over(mean, _sum(of_seeds, of_images, both), "seeds and images", seeds)


def _stratified(squares: Floats, count: Int64s) -> _Part:
    """The variance of a mean over classes of means, from every class's sum of squares [c] and images [c].

    A class with one image has no variance of its own and takes that of all classes together.
    """
    freedom = count - 1
    pooled = squares.sum() / freedom.sum()
    variance = np.where(freedom > 0, squares / np.maximum(freedom, 1), pooled) / count / len(count) ** 2
    total, weighted = float(variance.sum()), float((variance**2 / np.maximum(freedom, 1)).sum())
    return _Part(total, total**2 / weighted if weighted > 0 else float(freedom.sum()))


def _sum(seeds: _Part, images: _Part, both: _Part) -> _Part:
    """`A + B − G` with Satterthwaite's degrees of freedom; at least the larger of `A` and `B`."""
    variance = seeds.variance + images.variance - both.variance
    if variance <= max(seeds.variance, images.variance):
        return max(seeds, images, key=lambda part: part.variance)
    weighted = sum(part.variance**2 / part.freedom for part in (seeds, images, both))
    return _Part(variance, variance**2 / weighted)


def _over(mean: float, part: _Part, over: str, units: int) -> Estimate:
    return Estimate(mean, math.sqrt(part.variance), part.freedom, over, units)
