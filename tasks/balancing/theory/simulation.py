"""The paper's comparison of estimators (*The Benefits of Balance*, Figure 5), with the theory beside it.

Construction: both variables take c values with the same marginal p, and `P = (1 − s) p pᵀ + s diag(p)`. Then
`E[g(Y) | x] = (1 − s) E g + s g(x)`, so every nontrivial singular value of the conditional-mean operator equals the
dependence s. Three estimates of `E[h(X, Y)]` from n pairs:

- empirical: the sample mean;
- inverse propensity weighted: each pair weighted by `P_X(x) / P_n,X(x) · P_Y(y) / P_n,Y(y)`;
- balanced: k half steps of raking the empirical measure to the marginals, first on X.

Misspecified by ε, the last two are given `(1 − ε) p + ε q` in place of p, with q the reverse of p.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.theory.pair_measure import PairMeasure
from tasks.balancing.theory.variance import predicted_variance

ESTIMATORS = ("empirical", "inverse propensity weighted", "balanced")


@dataclass(frozen=True)
class Study:
    """The size of one simulation.

    Attributes:
        values: c, of each variable.
        sample: pairs n.
        steps: half steps k.
        repetitions: samples drawn.
        seed: of the generator.
    """

    values: int = 10
    sample: int = 300
    steps: int = 8
    repetitions: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class Curve:
    """Mean squared errors along one axis.

    Attributes:
        name: what the axis is ("dependence s", "misspecification ε").
        axis: `[a]`.
        mse: estimator → `[a]`.
        interval: estimator → `[a]`, half width of the 95 % interval of the mean squared error.
        theory: `[a, k + 1]`, `σ_k² / n` of the paper's theorem (for correct marginals).
        study: the size of the simulation.
    """

    name: str
    axis: Floats
    mse: dict[str, Floats]
    interval: dict[str, Floats]
    theory: Floats
    study: Study


def dependent_joint(p: Floats, s: float) -> Floats:
    """`(1 − s) p pᵀ + s diag(p)`, `[c, c]`, for 0 ≤ s ≤ 1: both marginals p, all nontrivial singular values s."""
    if not 0 <= s <= 1:
        raise InputError(f"the dependence is {s}; give a number between 0 and 1")
    p = np.asarray(p, dtype=np.float64)
    return (1 - s) * np.outer(p, p) + s * np.diag(p)


def dense_measure(joint: Floats) -> PairMeasure:
    """A dense joint distribution `[r, c]` as a measure on its support."""
    joint = np.asarray(joint, dtype=np.float64)
    rows, columns = np.nonzero(joint)
    return PairMeasure(rows, columns, joint[rows, columns] / joint.sum(), *joint.shape)


def balanced_samples(sample: Floats, p_x: Floats, p_y: Floats, steps: int) -> Floats:
    """Raking by half steps x, y, x, …; empty rows stay empty.

    Args:
        sample: `[repetitions, r, c]`, empirical measures.
        p_x: `[r]`, target of the first margin.
        p_y: `[c]`, target of the second.
        steps: half steps k.
    """
    measure = np.array(sample, dtype=np.float64)
    p_x, p_y = np.asarray(p_x, dtype=np.float64), np.asarray(p_y, dtype=np.float64)
    for k in range(steps):
        axis = 2 if k % 2 == 0 else 1
        margin = measure.sum(axis=axis, keepdims=True)
        target = p_x[None, :, None] if axis == 2 else p_y[None, None, :]
        measure *= np.divide(target, margin, out=np.zeros_like(margin), where=margin > 0)
    return measure


def estimates(sample: Floats, h: Floats, p_x: Floats, p_y: Floats, steps: int) -> dict[str, Floats]:
    """The three estimates of `Σ P h` `[repetitions]`, by their names.

    Args:
        sample: `[repetitions, r, c]`, empirical measures.
        h: `[r, c]`, the test function.
        p_x: `[r]`, marginal given to the last two estimators.
        p_y: `[c]`, the other.
        steps: half steps k of the balanced one.
    """
    sample, p_x, p_y = (np.asarray(array, dtype=np.float64) for array in (sample, p_x, p_y))
    ratio_x = _ratio(p_x[None, :, None], sample.sum(axis=2, keepdims=True))
    ratio_y = _ratio(p_y[None, None, :], sample.sum(axis=1, keepdims=True))
    measures = (sample, sample * ratio_x * ratio_y, balanced_samples(sample, p_x, p_y, steps))
    return {name: np.einsum("nij,ij->n", measure, h) for name, measure in zip(ESTIMATORS, measures, strict=True)}


def _ratio(target: Floats, margin: Floats) -> Floats:
    return np.divide(target, margin, out=np.zeros(np.broadcast_shapes(target.shape, margin.shape)), where=margin > 0)


def long_tail(values: int) -> Floats:
    """A marginal `p_i ∝ 1 / (i + 2)`, `[values]`: uneven, and every value frequent enough to be sampled."""
    p = 1.0 / (np.arange(values) + 2.0)
    return p / p.sum()


def study_curve(
    axis: Sequence[float], *, vary: str, study: Study = Study(), dependence: float = 0.5, misspecification: float = 0.0
) -> Curve:
    """Mean squared errors along one axis.

    The test function is a fixed Gaussian matrix plus row and column effects; the same at all points.

    Args:
        axis: values of what varies.
        vary: "dependence" for s, "misspecification" for ε.
        study: the size of the simulation.
        dependence: s, where it does not vary.
        misspecification: ε, where it does not vary.

    Raises:
        InputError: anything else that varies, or a dependence outside [0, 1].
    """
    if vary not in ("dependence", "misspecification"):
        raise InputError(f"vary is {vary!r}; it is 'dependence' or 'misspecification'")
    generator = np.random.default_rng(study.seed)
    p = long_tail(study.values)
    side = generator.normal(size=(2, study.values))
    h = generator.normal(size=(study.values, study.values)) * 0.5 + side[0][:, None] + side[1][None, :]
    mse: dict[str, list[float]] = {name: [] for name in ESTIMATORS}
    interval: dict[str, list[float]] = {name: [] for name in ESTIMATORS}
    theory = []
    for value in axis:
        s, epsilon = (value, misspecification) if vary == "dependence" else (dependence, value)
        joint = dependent_joint(p, s)
        given = (1 - epsilon) * p + epsilon * p[::-1]
        sample = generator.multinomial(study.sample, joint.ravel(), size=study.repetitions) / study.sample
        found = estimates(sample.reshape(-1, *joint.shape), h, given, given, study.steps)
        truth = float((joint * h).sum())
        for name, estimate in found.items():
            squares = (estimate - truth) ** 2
            mse[name].append(float(squares.mean()))
            interval[name].append(1.96 * float(squares.std(ddof=1)) / np.sqrt(study.repetitions))
        measure = dense_measure(joint)
        values = h[measure.rows, measure.columns]
        theory.append(predicted_variance(measure, values, study.steps).variance / study.sample)
    return Curve(
        "dependence s" if vary == "dependence" else "misspecification ε",
        np.asarray(axis, dtype=np.float64),
        {name: np.array(values) for name, values in mse.items()},
        {name: np.array(values) for name, values in interval.items()},
        np.array(theory),
        study,
    )


@dataclass(frozen=True)
class Illustration:
    """A small joint after each half step.

    Attributes:
        joints: `[k + 1, r, c]`, the start first.
        sides: of the k steps.
        row_target: `[r]`.
        column_target: `[c]`.
    """

    joints: Floats
    sides: tuple[str, ...]
    row_target: Floats
    column_target: Floats


def illustrate(joint: Floats, row_target: Floats, column_target: Floats, steps: int = 4) -> Illustration:
    """Every intermediate measure of half steps x, y, x, ….

    Args:
        joint: `[r, c]`, any scale.
        row_target: `[r]`.
        column_target: `[c]`.
        steps: half steps k.
    """
    joint = np.asarray(joint, dtype=np.float64) / float(np.sum(joint))
    stack = [joint] + [balanced_samples(joint[None], row_target, column_target, k)[0] for k in range(1, steps + 1)]
    sides = tuple("x" if k % 2 == 0 else "y" for k in range(steps))
    return Illustration(np.stack(stack), sides, np.asarray(row_target), np.asarray(column_target))
