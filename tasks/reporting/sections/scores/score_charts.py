"""Figures of the scores: every seed a dot, the mean a bar, its interval a line."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.reporting.inputs.untrusted import LABEL_LENGTH, displayed
from tasks.reporting.page.formats import metric_name
from tasks.reporting.page.svg import INK, MUTED, SERIES, WIDE, blank, name_rows, variant_colours
from tasks.reporting.sections.scores.scores import Difference, Summary


def scores_figure(summaries: Sequence[Summary], width: float = WIDE) -> Figure | None:
    """A panel a benchmark, a row a variant: seeds, their mean, its interval, and the level of chance."""
    if not summaries:
        return None
    benchmarks = list(dict.fromkeys(each.benchmark for each in summaries))
    variants = list(dict.fromkeys(each.variant for each in summaries))
    colours = variant_colours(variants)
    narrow = width < WIDE
    height = 0.8 + (0.42 if narrow else 0.3) * len(variants)
    columns = 1 if narrow else min(2, len(benchmarks))
    rows = -(-len(benchmarks) // columns)
    figure, axes = blank(width, height * rows, rows=rows, columns=columns)
    for axis, benchmark in zip(axes, benchmarks, strict=False):
        group = [each for each in summaries if each.benchmark == benchmark]
        for row, variant in enumerate(variants):
            for summary in group:
                if summary.variant == variant:
                    _score_row(axis, row, summary, colours[variant])
        chance = group[0].chance
        if chance is not None:
            axis.axvline(100 * chance, color=MUTED, linewidth=1, linestyle=(0, (1, 2)))
        axis.set_title(displayed(benchmark, LABEL_LENGTH))
        axis.set_xlabel(f"{metric_name(group[0].metric)}, %")
        first_column = benchmarks.index(benchmark) % columns == 0
        name_rows(axis, [displayed(each, 2 * LABEL_LENGTH) if first_column else "" for each in variants], above=narrow)
    for axis in axes[len(benchmarks) :]:
        axis.set_visible(False)
    return figure


def differences_figure(differences: Sequence[Difference], width: float = WIDE) -> Figure | None:
    """A row a difference: every seed's own, the mean, and its interval; zero is a line."""
    if not differences:
        return None
    figure, (axis,) = blank(width, 0.7 + (0.34 if width >= WIDE else 0.45) * len(differences))
    labels = []
    for row, difference in enumerate(differences):
        colour = SERIES[1] if difference.distinguishable else MUTED
        interval = difference.interval
        if interval is not None:
            axis.plot([100 * interval.low, 100 * interval.high], [row, row], color=colour, linewidth=2.2)
        values = [100 * value for _, value in difference.seeds]
        axis.plot(values, [row] * len(values), "o", color=colour, markersize=4, alpha=0.45, markeredgewidth=0)
        axis.plot([100 * difference.mean], [row], "D", color=colour, markersize=5, markeredgewidth=0)
        labels.append(f"{difference.benchmark}: {difference.variant} against {difference.reference}")
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.set_xlabel("difference (percentage points)")
    name_rows(axis, [displayed(label, 2 * LABEL_LENGTH) for label in labels], above=width < WIDE)
    return figure


def _score_row(axis: Axes, row: int, summary: Summary, colour: str) -> None:
    values = [100 * value for _, value in summary.seeds]
    if summary.interval is not None:
        low, high = (max(0.0, 100 * summary.interval.low), min(100.0, 100 * summary.interval.high))
        axis.plot([low, high], [row, row], color=colour, linewidth=2.2, alpha=0.55)
    axis.plot(values, [row] * len(values), "o", color=colour, markersize=4.5, alpha=0.55, markeredgewidth=0)
    axis.plot([100 * summary.mean] * 2, [row - 0.24, row + 0.24], color=colour, linewidth=2.4)
