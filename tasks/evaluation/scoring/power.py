"""How many trainings it would take to tell a difference of the size that was seen from none."""

from scipy.special import stdtrit

from tasks.evaluation.scoring.crossed import Estimate

MOST = 1_000
"""Trainings beyond which the answer is that seeds alone will not do."""


def seeds_needed(
    estimate: Estimate, seed_variance: float, seeds: int, *, confidence: float = 0.95, power: float = 0.8
) -> int | None:
    r"""The smallest number `k` of seeds with which a true difference of this size would be significant, most often.

    The standard error with `k` seeds is `√(s² / k + c)`: `s²` is the variance of the difference from seed to seed, and
    `c` is what the test images leave uncertain, `error² − s² / seeds` of the estimate at hand, which no training takes
    away. `k` is enough where `|mean| ≥ (t_(1 − α/2) + t_power) · error`, with Student's quantiles of `k − 1` degrees.
    No correction for several comparisons is in it.

    Args:
        estimate: of the difference, from the seeds at hand.
        seed_variance: of the differences from seed to seed, `s²`.
        seeds: how many there were.
        confidence: `1 − α`.
        power: how often a difference of this size would be found.

    Returns:
        None where no number up to `MOST` does: more test images are needed, or there is nothing to find.
    """
    images = max(estimate.error**2 - seed_variance / seeds, 0.0)
    for number in range(2, MOST + 1):
        quantiles = float(stdtrit(number - 1, 0.5 + confidence / 2)) + float(stdtrit(number - 1, power))
        if abs(estimate.mean) > 0 and abs(estimate.mean) >= quantiles * (seed_variance / number + images) ** 0.5:
            return number
    return None
