"""Figure of the differences in recall: a class a row where they can be named, else along their rank."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.reporting.inputs.untrusted import LABEL_LENGTH, displayed
from tasks.reporting.page.svg import INK, MUTED, SERIES, WIDE, blank, name_rows
from tasks.reporting.sections.scores.recalls import BANDS, RecallChange

NAMED = 64  # classes that have a row with their name, on a printed page
ROOMY = 40  # of which as many have a row as high as elsewhere
COLOURS = {"head": SERIES[0], "middle": SERIES[3], "tail": SERIES[2], "": MUTED}
MARKS = {"head": "s", "middle": "o", "tail": "D", "": "o"}  # told apart without colour, too


def recall_figure(change: RecallChange, width: float = WIDE) -> Figure:
    """Every class's difference with its interval, the largest gain first; zero is a line, a band is a mark."""
    classes = len(change.classes)
    named = classes <= NAMED
    row = 0.185 if classes <= ROOMY else 0.128
    figure, (axis,) = blank(width, 1.1 + (row * classes if named else 4.0))
    _intervals(axis, change, one_by_one=named)
    for band in (*BANDS, ""):
        rows = [(row, each) for row, each in enumerate(change.classes) if each.band == band]
        if rows:
            axis.plot(
                [100 * each.mean for _, each in rows], [row for row, _ in rows], MARKS[band], color=COLOURS[band],
                markersize=4.2 if named else 2.5, markeredgewidth=0, label=band or "difference",
            )  # fmt: skip
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.set_xlabel("difference in recall (percentage points)")
    if named:
        name_rows(axis, [displayed(each.name, LABEL_LENGTH) for each in change.classes], margin=0.4)
        axis.tick_params(axis="y", labelsize=8.5 if classes <= ROOMY else 6.8)
    else:
        axis.set_ylim(classes + 0.02 * classes, -0.02 * classes)
        axis.set_ylabel("classes, by difference", color=MUTED)
    if change.bands:
        figure.legend(loc="outside upper left", ncols=len(BANDS) + 1)
    return figure


def _intervals(axis: Axes, change: RecallChange, *, one_by_one: bool) -> None:
    ends = np.array(
        [
            (each.mean, each.mean) if each.interval is None else (each.interval.low, each.interval.high)
            for each in change.classes
        ]
    )
    rows = np.arange(len(ends))
    if not one_by_one:  # a thousand lines are one area
        axis.fill_betweenx(rows, 100 * ends[:, 0], 100 * ends[:, 1], color=MUTED, alpha=0.25, linewidth=0)
        return
    for row, (low, high), each in zip(rows, 100 * ends, change.classes, strict=True):
        axis.plot([low, high], [row, row], color=COLOURS[each.band], linewidth=1.4, alpha=0.6)
