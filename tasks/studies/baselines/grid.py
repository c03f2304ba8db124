"""Mean squared errors of three estimators over the whole grid of dependence and misspecification."""

from storage.record.stats import Stats
from tasks.balancing.theory.simulation import ESTIMATORS, Study, study_curve
from tasks.studies.baselines.config import BaselinesConfig


class BaselinesNumbers(Stats):
    """The grid.

    Attributes:
        dependence: s, `[a]`.
        misspecification: ε, `[b]`.
        mse: estimator → `[b][a]`.
        interval: estimator → `[b][a]`, half width of the mean squared error's 95 % interval over samples.
        theory: `[a][k + 1]`, `σ_k² / n` with correct marginals.
    """

    dependence: tuple[float, ...]
    misspecification: tuple[float, ...]
    mse: dict[str, tuple[tuple[float, ...], ...]]
    interval: dict[str, tuple[tuple[float, ...], ...]]
    theory: tuple[tuple[float, ...], ...]

    def winner(self, row: int, column: int) -> str:
        """The estimator with the least error at a point."""
        return min(ESTIMATORS, key=lambda name: self.mse[name][row][column])


def baselines_numbers(config: BaselinesConfig) -> BaselinesNumbers:
    """Simulate the grid; the samples of one s are the same for every ε."""
    study = Study(config.values, config.sample, config.half_steps, config.repetitions, config.seed)
    curves = [
        study_curve(config.dependence, vary="dependence", study=study, misspecification=epsilon)
        for epsilon in config.misspecification
    ]
    return BaselinesNumbers(
        dependence=config.dependence,
        misspecification=config.misspecification,
        mse={name: tuple(tuple(curve.mse[name].tolist()) for curve in curves) for name in ESTIMATORS},
        interval={name: tuple(tuple(curve.interval[name].tolist()) for curve in curves) for name in ESTIMATORS},
        theory=tuple(tuple(row.tolist()) for row in curves[0].theory),
    )
