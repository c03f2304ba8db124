"""The figures of the study `balance-k`."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.reporting.page.svg import INK, SERIES, blank, logarithmic
from tasks.studies.balance_k.measure import QUANTITIES, BalanceKNumbers, Ratios, Series

STEPS = "half steps k"


def draw_ratios(numbers: BalanceKNumbers, series: tuple[Series, ...], width: float) -> Figure:
    """Variance ratios of the loss and of the gradient against k, and the theorem's as a dashed line."""
    narrow = width < 5
    figure, axes = blank(width, 5.4 if narrow else 2.9, rows=2 if narrow else 1, columns=1 if narrow else 2)
    for panel, quantity in zip(axes, QUANTITIES, strict=True):
        predicted = numbers.predicted[quantity]
        panel.plot(range(len(predicted)), predicted, "--", color=INK, linewidth=1.1, label="theorem, σₖ² / σ₀²")
        for place, (each, colour) in enumerate(zip(series, (SERIES[1], SERIES[2], SERIES[3]), strict=False)):
            _points(panel, each.measured[quantity], colour, each.name, shift=0.12 * (place - (len(series) - 1) / 2))
        panel.set_title(f"variance of the {quantity}")
        panel.set_xlabel(STEPS)
        panel.set_ylabel("relative to k = 0")
        panel.set_xticks(range(len(predicted)))
        panel.set_ylim(bottom=0)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=1 if narrow else 3)
    return figure


def draw_signal(numbers: BalanceKNumbers, width: float) -> Figure:
    """The contrastive gradient's signal against k: its squared mean over its variance."""
    figure, axes = blank(width, 2.7)
    panel = axes[0]
    _points(panel, numbers.contrast.signal, SERIES[1], None, shift=0)
    panel.plot(range(len(numbers.contrast.signal.value)), numbers.contrast.signal.value, color=SERIES[1], linewidth=0.8)
    panel.set_xticks(range(len(numbers.contrast.signal.value)))
    panel.set_xlabel("half steps k of the loss")
    panel.set_ylabel("‖E g‖² / tr Cov(g)")
    panel.set_ylim(bottom=0)
    return figure


def draw_marginals(numbers: BalanceKNumbers, width: float) -> Figure:
    """Sorted row and column sums of one contrast matrix after k = 0, 1, 2 half steps, in either order."""
    narrow = width < 5
    figure, axes = blank(width, 5.6 if narrow else 2.9, rows=2 if narrow else 1, columns=1 if narrow else 2)
    contrast = numbers.contrast
    place = np.arange(1, contrast.batch + 1)
    for panel, (first, second) in zip(axes, (("rows", "columns"), ("columns", "rows")), strict=True):
        for k in range(3):
            colour = (SERIES[0], SERIES[2], SERIES[1])[k]
            panel.plot(place, contrast.rows[first][k], color=colour, linewidth=1.4, label=f"k = {k}, images")
            panel.plot(place, contrast.columns[first][k], ":", color=colour, linewidth=1.6, label=f"k = {k}, captions")
        panel.set_yscale("log")
        panel.set_title(f"{_words(first)} first, then {_words(second)}")
        panel.set_xlabel("rank in the batch")
        panel.set_ylabel("mass × batch (1: balanced)")
        logarithmic(panel.yaxis)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2 if narrow else 3)
    return figure


def _words(side: str) -> str:
    return "images" if side == "rows" else "captions"


def _points(panel: Axes, ratios: Ratios, colour: str, label: str | None, *, shift: float) -> None:
    value = np.array(ratios.value)
    errors = np.maximum(np.stack([value - ratios.low, np.array(ratios.high) - value]), 0)
    panel.errorbar(
        np.arange(len(value)) + shift, value, yerr=errors, fmt="o", markersize=3.4, linewidth=1, capsize=2,
        color=colour, label=label,
    )  # fmt: skip
