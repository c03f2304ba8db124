"""Figures of the studies: estimators against the theory, and a joint measure while it is balanced."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.arrays import Floats
from tasks.balancing.theory.simulation import ESTIMATORS, Curve, Illustration

COLOURS = {ESTIMATORS[0]: "#777777", ESTIMATORS[1]: "#c0672b", ESTIMATORS[2]: "#1f6fb2"}


def baselines_figure(dependence: Curve, misspecification: Curve) -> Figure:
    """Mean squared error of the three estimators with 95 % intervals, and `σ_0²/n`, `σ_k²/n` (paper, Figure 5)."""
    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, curve in ((left, dependence), (right, misspecification)):
        _curve(axes, curve)
    steps, sample = dependence.study.steps, dependence.study.sample
    left.set_title(f"n = {sample}, k = {steps} half steps, correct marginals")
    right.set_title("s = 0.5, marginals (1 − ε) p + ε q")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _curve(axes: Axes, curve: Curve) -> None:
    for name in ESTIMATORS:
        mse, half = curve.mse[name], curve.interval[name]
        axes.plot(curve.axis, mse, color=COLOURS[name], label=name, marker="o", markersize=3, linewidth=1.4)
        axes.fill_between(curve.axis, mse - half, mse + half, color=COLOURS[name], alpha=0.2, linewidth=0)
    steps = curve.theory.shape[1] - 1
    axes.plot(curve.axis, curve.theory[:, 0], "k:", linewidth=1, label="theory, σ₀²/n")
    axes.plot(curve.axis, curve.theory[:, -1], "k--", linewidth=1, label=f"theory, σ²/n after {steps} half steps")
    axes.set_yscale("log")
    axes.set_xlabel(curve.name)
    axes.set_ylabel("mean squared error")
    axes.spines[["top", "right"]].set_visible(False)


def illustration_figure(story: Illustration) -> Figure:
    """The joint and both marginals after each half step; dashed lines are the targets."""
    count = len(story.joints)
    figure = Figure(figsize=(2.6 * count, 2.9), layout="constrained")
    panels = figure.subfigures(1, count, squeeze=False)[0]
    top = float(story.joints.max())
    reach = 1.1 * max(float(story.joints.sum(axis=k).max()) for k in (1, 2))
    for k, panel in enumerate(panels):
        joint = story.joints[k]
        panel.suptitle("start" if k == 0 else f"half step {k} ({story.sides[k - 1]})", fontsize=9)
        grid = panel.subplots(
            2, 2, gridspec_kw={"width_ratios": (3, 1), "height_ratios": (1, 3), "hspace": 0, "wspace": 0}
        )
        grid[0, 1].set_axis_off()
        grid[1, 0].imshow(joint, cmap="Blues", vmin=0, vmax=top, aspect="auto")
        _margin(grid[0, 0], joint.sum(axis=0), story.column_target, reach, upright=True)
        _margin(grid[1, 1], joint.sum(axis=1), story.row_target, reach, upright=False)
        for axes in (grid[1, 0], grid[0, 0], grid[1, 1]):
            axes.set_xticks([])
            axes.set_yticks([])
        grid[1, 0].set_xlabel("keywords y", fontsize=8)
        grid[1, 0].set_ylabel("captions x" if k == 0 else "", fontsize=8)
    return figure


def _margin(axes: Axes, values: Floats, target: Floats, reach: float, *, upright: bool) -> None:
    places = np.arange(len(values))
    if upright:
        axes.bar(places, values, color="#1f6fb2", width=0.8)
        axes.step(places, target, where="mid", color="black", linestyle="--", linewidth=0.8)
        axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_ylim(0, reach)
    else:
        axes.barh(places, values, color="#1f6fb2", height=0.8)
        axes.plot(target, places, color="black", linestyle="--", linewidth=0.8)
        axes.set_ylim(len(values) - 0.5, -0.5)
        axes.set_xlim(0, reach)
    axes.spines[["top", "right"]].set_visible(False)
