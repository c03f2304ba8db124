"""The paper's comparison and the illustration: construction, theory beside it, figures that draw."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tasks.balancing.theory.figures import baselines_figure, illustration_figure
from tasks.balancing.theory.simulation import (
    ESTIMATORS,
    Study,
    dependent_joint,
    example_illustration,
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
    story = example_illustration(4)
    for k, side in enumerate(story.sides, start=1):
        axis, target = (1, story.row_target) if side == "x" else (0, story.column_target)
        np.testing.assert_allclose(story.joints[k].sum(axis=axis), target)
    zero = illustrate(np.ones((2, 3)), np.full(2, 0.5), np.full(3, 1 / 3), 0)
    assert len(zero.joints) == 1


def test_figures_draw() -> None:
    study = Study(values=4, sample=50, steps=2, repetitions=20)
    curves = [study_curve([0.1, 0.5], vary=vary, study=study) for vary in ("dependence", "misspecification")]
    for figure in (baselines_figure(*curves), illustration_figure(example_illustration(2))):
        FigureCanvasAgg(figure).draw()
