"""The figures show the numbers they are made of."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tasks.balancing.theory.figures import baselines_figure, illustration_figure
from tasks.balancing.theory.simulation import ESTIMATORS, Study, example_illustration, study_curve

STUDY = Study(values=4, sample=50, steps=2, repetitions=20)


def test_baselines_are_lines_of_every_estimator_beside_the_theory() -> None:
    curves = [study_curve([0.1, 0.5], vary=vary, study=STUDY) for vary in ("dependence", "misspecification")]
    figure = baselines_figure(*curves)
    FigureCanvasAgg(figure).draw()
    for axes, curve in zip(figure.axes, curves, strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        for name in ESTIMATORS:
            np.testing.assert_array_equal(lines[name], curve.mse[name])
        np.testing.assert_array_equal(lines["theory, σ₀²/n"], curve.theory[:, 0])
        np.testing.assert_array_equal(lines["theory, σ²/n after 2 half steps"], curve.theory[:, 2])
        assert axes.get_yscale() == "log" and axes.get_xlabel() == curve.name
    assert len(figure.legends) == 1 and "n = 50, k = 2" in figure.axes[0].get_title()


@pytest.mark.parametrize("steps", [0, 3])
def test_an_illustration_has_a_panel_a_half_step_with_its_margins(steps: int) -> None:
    story = example_illustration(steps)
    figure = illustration_figure(story)
    FigureCanvasAgg(figure).draw()
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == steps + 1
    for axes, joint in zip(panels, story.joints, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), joint)
    bars = [[bar.get_height() for bar in axes.patches] for axes in figure.axes if len(axes.patches) == 6]
    np.testing.assert_allclose(bars[0], story.joints[0].sum(axis=0))
