"""Models' answers side by side: what a mean over seeds, or a difference of two, says beyond its seeds and images."""

from collections.abc import Sequence

import numpy as np

from tasks.arrays import Floats, Int64s
from tasks.evaluation.scoring.crossed import Estimate, crossed_estimate
from tasks.evaluation.scoring.intervals import Bootstrap, Interval, stratified_mean_interval
from tasks.reporting.inputs.measurements import Measurement


def estimate_of(ours: Sequence[Measurement], theirs: Sequence[Measurement] | None = None) -> Estimate | None:
    """The mean over seeds, or of the difference to `theirs` seed by seed, with its error over seeds and images.

    The error is over seeds alone where answers were not kept, or two models answered other images; None where then one
    seed is left.
    """
    answers = paired_answers(ours, theirs)
    if answers is not None:
        values, label = answers
        return crossed_estimate(values, label)
    scores = np.array([each.value for each in ours])
    if theirs is not None:
        scores = scores - [each.value for each in theirs]
    return crossed_estimate(scores[:, None])


def holds_without_each(ours: Sequence[Measurement], theirs: Sequence[Measurement], confidence: float) -> bool:
    """Whether the interval of the difference excludes zero, on one side, with any one of the seeds left out."""
    sides = set()
    for left_out in range(len(ours)):
        kept = [place for place in range(len(ours)) if place != left_out]
        estimate = estimate_of([ours[place] for place in kept], [theirs[place] for place in kept])
        decided = estimate is not None and estimate.interval(confidence).excludes(0.0)
        sides.add(np.sign(estimate.mean) if estimate is not None and decided else 0)
    return len(sides) == 1 and 0 not in sides


def image_interval(
    ours: Sequence[Measurement], theirs: Sequence[Measurement] | None, bootstrap: Bootstrap
) -> Interval | None:
    """Bootstrap over images of the mean over seeds; the same images for all models, so differences stay paired."""
    answers = paired_answers(ours, theirs)
    if answers is None:
        return None
    values, label = answers
    return stratified_mean_interval(values.mean(axis=0), label, bootstrap)


def paired_answers(ours: Sequence[Measurement], theirs: Sequence[Measurement] | None) -> tuple[Floats, Int64s] | None:
    """Right answers `[k, n]`, or their differences, and labels `[n]`; None where not all answered the same images."""
    found = [each.answers for each in [*ours, *(theirs or ())]]
    kept = [each for each in found if each is not None]
    if len(kept) < len(found) or any(not np.array_equal(each.label, kept[0].label) for each in kept):
        return None
    right = np.array([each.correct for each in kept], np.float64)
    values = right if theirs is None else right[: len(ours)] - right[len(ours) :]
    return values, kept[0].label
