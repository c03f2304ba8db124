"""The figures of the study `baselines`: cuts through the grid with intervals, and the whole of it as ratios."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from tasks.balancing.theory.simulation import ESTIMATORS
from tasks.reporting.page.svg import INK, SERIES, blank, logarithmic
from tasks.studies.baselines.grid import BaselinesNumbers

COLOURS = dict(zip(ESTIMATORS, (SERIES[0], SERIES[2], SERIES[1]), strict=True))


def draw_cuts(numbers: BaselinesNumbers, width: float) -> Figure:
    """Mean squared error with 95 % intervals: against s at ε = the least, and against ε at the middle s."""
    narrow = width < 5
    figure, axes = blank(width, 5.6 if narrow else 3.0, rows=2 if narrow else 1, columns=1 if narrow else 2)
    middle = len(numbers.dependence) // 2
    for name in ESTIMATORS:
        mse, half = np.array(numbers.mse[name]), np.array(numbers.interval[name])
        _line(axes[0], numbers.dependence, mse[0], half[0], name)
        _line(axes[1], numbers.misspecification, mse[:, middle], half[:, middle], name)
    theory = np.array(numbers.theory)
    axes[0].plot(numbers.dependence, theory[:, 0], ":", color=INK, linewidth=1, label="theorem, σ₀² / n")
    axes[0].plot(numbers.dependence, theory[:, -1], "--", color=INK, linewidth=1, label="theorem, after the half steps")
    axes[0].set_title(f"misspecification ε = {numbers.misspecification[0]:g}")
    axes[0].set_xlabel("dependence s")
    axes[1].set_title(f"dependence s = {numbers.dependence[middle]:g}")
    axes[1].set_xlabel("misspecification ε")
    for panel in axes:
        panel.set_yscale("log")
        panel.set_ylabel("mean squared error")
        logarithmic(panel.yaxis)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=1 if narrow else 3)
    return figure


def draw_grid(numbers: BaselinesNumbers, width: float) -> Figure:
    """log₂ of each estimator's error over the empirical one's: below zero it gains."""
    narrow = width < 5
    figure, axes = blank(width, 6.0 if narrow else 3.2, rows=2 if narrow else 1, columns=1 if narrow else 2)
    base = np.array(numbers.mse[ESTIMATORS[0]])
    ratios = [np.log2(np.array(numbers.mse[name]) / base) for name in ESTIMATORS[1:]]
    most = max(1.0, *(float(np.abs(ratio).max()) for ratio in ratios))
    for panel, name, ratio in zip(axes, ESTIMATORS[1:], ratios, strict=True):
        drawn = panel.pcolormesh(ratio, cmap="RdBu_r", norm=TwoSlopeNorm(0, -most, most), rasterized=False)
        columns = [f"{value:g}" for value in numbers.dependence]
        step = 2 if narrow else 1
        panel.set_xticks(np.arange(len(columns))[::step] + 0.5, columns[::step])
        rows = [f"{value:g}" for value in numbers.misspecification]
        panel.set_yticks(np.arange(len(rows)) + 0.5, rows)
        panel.grid(visible=False)
        panel.set_title(name)
        panel.set_xlabel("dependence s")
        panel.set_ylabel("misspecification ε")
        for row, line in enumerate(ratio):
            for column, value in enumerate(line):
                colour = "white" if abs(value) > 0.6 * most else "#111111"
                panel.text(column + 0.5, row + 0.5, f"{value:+.1f}", ha="center", va="center", fontsize=6, color=colour)
    place = "bottom" if narrow else "right"
    figure.colorbar(drawn, ax=axes, label="log₂ of the error over the empirical one's", shrink=0.9, location=place)
    return figure


def _line(
    panel: Axes, axis: tuple[float, ...], mse: np.ndarray[tuple[int], np.dtype[np.float64]], half: object, name: str
) -> None:
    panel.plot(axis, mse, color=COLOURS[name], marker="o", markersize=3, linewidth=1.3, label=name)
    width = np.asarray(half, dtype=np.float64)
    panel.fill_between(
        axis, np.maximum(mse - width, mse * 0.05), mse + width, color=COLOURS[name], alpha=0.2, linewidth=0
    )
