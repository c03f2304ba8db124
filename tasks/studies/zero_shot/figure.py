"""The curves of the study `zero-shot`: the score against steps, a panel for every benchmark, encoder and batch."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tasks.reporting.page.svg import INK, SERIES, blank
from tasks.studies.zero_shot.runs import Curve, Track, ZeroShotNumbers

ORDER = (0, 2, 1, 3, 4, 5)
"""Colours of k = 0, 1, 2, …."""


def panels(numbers: ZeroShotNumbers) -> list[tuple[str, str, int]]:
    """Benchmark, encoder and batch of every panel, in the order of the study."""
    return list(dict.fromkeys((curve.benchmark, curve.encoder, curve.batch) for curve in numbers.curves))


def draw_curves(numbers: ZeroShotNumbers, running_maximum: bool, width: float) -> Figure:
    """Mean over seeds with its interval; thin lines are single seeds; dashed, the running maximum of the mean."""
    shown = panels(numbers)
    figure, axes = _panels(len(shown), width)
    for panel, place in zip(axes, shown, strict=True):
        curves = [each for each in numbers.curves if (each.benchmark, each.encoder, each.batch) == place]
        for curve in curves:
            colour = colour_of(curve.half_steps)
            steps, mean = np.array(curve.level.steps), 100 * np.array(curve.level.mean)
            for seed in curve.level.seeds:
                panel.plot(steps, 100 * np.array(seed), color=colour, linewidth=0.4, alpha=0.45)
            panel.plot(steps, mean, color=colour, marker="o", markersize=3)
            low, high = (
                [100 * (end if end is not None else centre) for end, centre in zip(ends, curve.level.mean, strict=True)]
                for ends in (curve.level.low, curve.level.high)
            )
            panel.fill_between(steps, low, high, color=colour, alpha=0.18, linewidth=0)
            if running_maximum:
                panel.plot(steps, np.maximum.accumulate(mean), "--", color=colour, linewidth=0.9)
        panel.set_title(f"{place[0]}, {place[1]}, batch {place[2]}")
        panel.set_xlabel("optimiser steps")
        panel.set_ylabel("mean per-class recall, %")
        panel.set_xlim(left=0)
    figure.legend(
        handles=_keys(numbers.curves, running_maximum), loc="outside lower center", ncols=2 if width < 5 else 4
    )
    return figure


def draw_held_out(numbers: ZeroShotNumbers, width: float) -> Figure:
    """CLIP's loss and recall of pairs that were not trained on, a row of two panels for every encoder and batch."""
    shown = list(dict.fromkeys((curve.encoder, curve.batch) for curve in numbers.held_out))
    columns = 1 if width < 5 else 2
    figure, axes = blank(width, 2.7 * len(shown) * 2 / columns + 0.5, rows=len(shown) * 2 // columns, columns=columns)
    for row, place in enumerate(shown):
        loss, recall = axes[2 * row], axes[2 * row + 1]
        for curve in numbers.held_out:
            if (curve.encoder, curve.batch) == place:
                smallest = min(curve.captions)
                for panel, shown_track, scale in ((loss, curve.clip_loss, 1), (recall, curve.captions[smallest], 100)):
                    _band(panel, curve.steps, shown_track, scale, colour_of(curve.half_steps))
                loss.set_ylabel("CLIP's loss, nats")
                recall.set_ylabel(f"recall@{smallest} of captions, %")
        for panel in (loss, recall):
            panel.set_title(f"held-out pairs, {place[0]}, batch {place[1]}")
            panel.set_xlabel("optimiser steps")
            panel.set_xlim(left=0)
    figure.legend(handles=_keys(numbers.curves, False), loc="outside lower center", ncols=3)
    return figure


def draw_probed(numbers: ZeroShotNumbers, width: float) -> Figure:
    """Recall of linear classifiers of the image features, a panel for every benchmark, encoder and batch."""
    shown = list(dict.fromkeys((curve.benchmark, curve.encoder, curve.batch) for curve in numbers.probed))
    figure, axes = _panels(len(shown), width)
    for panel, place in zip(axes, shown, strict=True):
        for curve in numbers.probed:
            if (curve.benchmark, curve.encoder, curve.batch) == place:
                _band(panel, curve.steps, curve.linear, 100, colour_of(curve.half_steps))
        panel.set_title(f"linear probe, {place[0]}, {place[1]}, batch {place[2]}")
        panel.set_xlabel("optimiser steps")
        panel.set_ylabel("mean per-class recall, %")
        panel.set_xlim(left=0)
    figure.legend(handles=_keys(numbers.curves, False), loc="outside lower center", ncols=3)
    return figure


def _panels(count: int, width: float) -> tuple[Figure, list[Axes]]:
    """So many panels, two beside each other where there is room; what is left over of the last row is blank."""
    columns = 1 if width < 5 else min(2, count)
    rows = -(-count // columns)
    figure, axes = blank(width, 2.7 * rows + 0.5, rows=rows, columns=columns)
    for panel in axes[count:]:
        panel.set_axis_off()
    return figure, axes[:count]


def _band(panel: Axes, steps: Sequence[int], shown: Track, scale: float, colour: str) -> None:
    mean = scale * np.array(shown.mean)
    panel.plot(steps, mean, color=colour, marker="o", markersize=3)
    for seed in shown.seeds:
        panel.plot(steps, scale * np.array(seed), color=colour, linewidth=0.4, alpha=0.45)
    low, high = (
        [centre if end is None else scale * end for end, centre in zip(ends, mean, strict=True)]
        for ends in (shown.low, shown.high)
    )
    panel.fill_between(steps, low, high, color=colour, alpha=0.18, linewidth=0)


def colour_of(half_steps: int) -> str:
    """The colour of a number of half steps."""
    return SERIES[ORDER[half_steps % len(ORDER)]]


def _keys(curves: Sequence[Curve], running_maximum: bool) -> list[Line2D]:
    keys = [
        Line2D([], [], color=colour_of(k), marker="o", markersize=3, label=f"k = {k}")
        for k in sorted({curve.half_steps for curve in curves})
    ]
    if running_maximum:
        keys.append(Line2D([], [], color=INK, linestyle="--", linewidth=0.9, label="running maximum of the mean"))
    return keys
