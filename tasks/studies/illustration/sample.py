"""A sample of a known joint after every half step, and how far samples are from that joint."""

import numpy as np

from storage.record.stats import Stats
from tasks.balancing.theory.simulation import balanced_samples, dependent_joint, illustrate, long_tail
from tasks.studies.illustration.config import IllustrationConfig

Matrix = tuple[tuple[float, ...], ...]


class IllustrationNumbers(Stats):
    """What is shown.

    Attributes:
        joint: the known joint, `[c][c]`.
        marginal: of either variable, `[c]`: the targets.
        measures: one sample after 0, 1, … half steps, each `[c][c]`.
        sides: of the half steps.
        distance: mean total variation from the joint after 0, 1, … half steps.
        half_width: of its 95 % interval over samples.
    """

    joint: Matrix
    marginal: tuple[float, ...]
    measures: tuple[Matrix, ...]
    sides: tuple[str, ...]
    distance: tuple[float, ...]
    half_width: tuple[float, ...]


def illustration_numbers(config: IllustrationConfig) -> IllustrationNumbers:
    """Draw, rake to the true marginals, and measure."""
    p = long_tail(config.values)
    joint = dependent_joint(p, config.dependence)
    counts = np.random.default_rng(config.seed).multinomial(config.sample, joint.ravel(), size=config.repetitions)
    samples = counts.reshape(-1, *joint.shape) / config.sample
    story = illustrate(samples[0], p, p, config.half_steps)
    away = np.array(
        [
            0.5 * np.abs(balanced_samples(samples, p, p, k) - joint).sum(axis=(1, 2))
            for k in range(config.half_steps + 1)
        ]
    )
    return IllustrationNumbers(
        joint=_matrix(joint),
        marginal=tuple(p.tolist()),
        measures=tuple(_matrix(each) for each in story.joints),
        sides=story.sides,
        distance=tuple(away.mean(axis=1).tolist()),
        half_width=tuple((1.96 * away.std(axis=1, ddof=1) / np.sqrt(away.shape[1])).tolist()),
    )


def _matrix(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Matrix:
    return tuple(tuple(row) for row in values.tolist())
