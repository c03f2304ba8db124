"""The paper's comparison and the illustration: construction, and the theory beside it."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.balancing.theory.simulation import (
    ESTIMATORS,
    Study,
    balanced_samples,
    dense_measure,
    dependent_joint,
    estimates,
    illustrate,
    long_tail,
    study_curve,
)

SMALL = Study(values=5, sample=400, steps=8, repetitions=1500)


def test_construction_has_equal_marginals() -> None:
    p = long_tail(6)
    joint = dependent_joint(p, 0.4)
    np.testing.assert_allclose(joint.sum(axis=0), p)
    np.testing.assert_allclose(joint.sum(axis=1), p)


def test_balanced_beats_empirical_and_follows_the_theory() -> None:
    curve = study_curve([0.0, 0.4, 0.8], vary="dependence", study=SMALL)
    empirical, _, balanced = (curve.mse[name] for name in ESTIMATORS)
    assert (balanced < empirical).all()
    half = curve.interval["empirical"]
    assert (np.abs(empirical - curve.theory[:, 0]) <= 2 * half).all()
    np.testing.assert_allclose(balanced, curve.theory[:, -1], rtol=0.25)


def test_wrong_marginals_bias_the_balanced_estimate() -> None:
    curve = study_curve([0.0, 0.4], vary="misspecification", study=SMALL)
    assert curve.mse["balanced"][1] > 2 * curve.mse["balanced"][0]
    assert curve.mse["empirical"][1] == pytest.approx(curve.mse["empirical"][0], rel=0.3)


def test_illustration_sets_one_margin_at_each_half_step() -> None:
    generator = np.random.default_rng(0)
    joint = dependent_joint(long_tail(6), 0.3) * generator.uniform(0.3, 1.7, size=(6, 6))
    story = illustrate(joint, np.full(6, 1 / 6), np.full(6, 1 / 6), 4)
    for k, side in enumerate(story.sides, start=1):
        axis, target = (1, story.row_target) if side == "x" else (0, story.column_target)
        np.testing.assert_allclose(story.joints[k].sum(axis=axis), target)
    zero = illustrate(np.ones((2, 3)), np.full(2, 0.5), np.full(3, 1 / 3), 0)
    assert len(zero.joints) == 1


def test_counts_are_samples_too() -> None:
    """Whole numbers, as `multinomial` draws them, and margins as lists: nothing is written into the counts."""
    counts = np.random.default_rng(0).multinomial(50, np.full(6, 1 / 6), size=4).reshape(4, 2, 3)
    before, p_x, p_y = counts.copy(), [0.5, 0.5], [1, 1, 1]
    found = balanced_samples(counts, p_x, p_y, 4)
    np.testing.assert_array_equal(found, balanced_samples(counts.astype(float), np.array(p_x), np.ones(3), 4))
    np.testing.assert_array_equal(counts, before)
    exact = estimates(counts / 50, np.eye(2, 3), np.array(p_x), np.ones(3) / 3, 2)
    for name, values in estimates((counts / 50).tolist(), [[1, 0, 0], [0, 1, 0]], p_x, [1 / 3] * 3, 2).items():
        np.testing.assert_allclose(values, exact[name])
    measure = dense_measure([[1, 0], [1, 2]])
    assert measure.mass.tolist() == [0.25, 0.25, 0.5] and (measure.n, measure.m) == (2, 2)
    story = illustrate([[1, 1], [1, 3]], [1, 1], [1, 1], 2)
    np.testing.assert_allclose(story.joints[2].sum(axis=0), 1)


def test_without_balancing_the_three_estimators_meet_on_the_truth() -> None:
    joint = dependent_joint(long_tail(4), 0.3)
    h = np.random.default_rng(0).normal(size=(4, 4))
    p = long_tail(4)
    for values in estimates(joint[None], h, p, p, 6).values():
        assert values[0] == pytest.approx((joint * h).sum())
