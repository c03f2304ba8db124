"""The figures of the study `curation`: marginals of every arm, and scores by class frequency."""

import numpy as np
from matplotlib.figure import Figure

from tasks.reporting.page.svg import INK, MUTED, SERIES, blank, logarithmic, name_rows
from tasks.studies.curation.arms import ALL, CurationNumbers


def draw_marginals(numbers: CurationNumbers, width: float) -> Figure:
    """Observed, target and realised mass of every keyword, by observed rank; a panel for each way of balancing."""
    arms = [(arm.name, arm.selection) for arm in numbers.arms if arm.selection is not None]
    columns = 1 if width < 5 else min(3, len(arms))
    rows = -(-len(arms) // columns)
    figure, axes = blank(width, 2.3 * rows + 0.5, rows=rows, columns=columns)
    for panel, (name, selection) in zip(axes, arms, strict=False):
        rank = np.arange(1, len(selection.keywords) + 1)
        panel.plot(rank, selection.observed, color=SERIES[0], linewidth=1.2, label="observed")
        panel.plot(rank, selection.target, "--", color=INK, linewidth=1.1, label="target")
        panel.plot(rank, selection.realised, "o", color=SERIES[1], markersize=2.6, label="realised")
        panel.set_yscale("log")
        panel.set_title(name)
        panel.set_xlabel("keyword, by observed rank")
        panel.set_ylabel("share of mass")
        logarithmic(panel.yaxis)
    for panel in axes[len(arms) :]:
        panel.set_axis_off()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def draw_differences(numbers: CurationNumbers, width: float) -> Figure:
    """Differences to the original and to a uniform sample of equal effective size, by group of classes."""
    groups = list(numbers.differences)
    names = list(dict.fromkeys(each.ours for each in numbers.differences[ALL]))
    columns = 1 if width < 5 else len(groups)
    rows = -(-len(groups) // columns)
    figure, axes = blank(width, (0.42 * len(names) + 0.9) * rows + 0.6, rows=rows, columns=columns)
    for place, (panel, group) in enumerate(zip(axes, groups, strict=True)):
        for shift, (to_original, colour) in enumerate(((True, SERIES[2]), (False, SERIES[1]))):
            for each in numbers.differences[group]:
                if (each.theirs == "original") != to_original:
                    continue
                row = names.index(each.ours) + 0.22 * (shift - 0.5)
                low, high = (each.mean if end is None else end for end in (each.low, each.high))
                panel.plot([100 * low, 100 * high], [row, row], color=colour, linewidth=1.2)
                filled = colour if each.distinguishable else "white"
                panel.plot([100 * each.mean], [row], "o", color=colour, markerfacecolor=filled, markersize=4)
        panel.axvline(0, color=MUTED, linewidth=0.8)
        name_rows(panel, names if columns == 1 or place == 0 else [""] * len(names))
        panel.set_title(group)
        panel.set_xlabel("points of recall")
    handles = [
        axes[0].plot([], [], "o-", color=colour, markersize=4, linewidth=1.2, label=label)[0]
        for colour, label in (
            (SERIES[2], "less the original"),
            (SERIES[1], "less a random sample of equal effective size"),
        )
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=1 if width < 5 else 2)
    return figure
