"""Figures of keyword marginals: keyword by keyword, or along their rank where there are too many to name."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from tasks.arrays import Floats, Int64s
from tasks.reporting.inputs.untrusted import LABEL_LENGTH, displayed
from tasks.reporting.page.svg import INK, MUTED, PAPER, SERIES, WIDE, blank, logarithmic, name_rows
from tasks.reporting.sections.balancing.marginals import STAGES, Marginals

MOST_MARKS = 400
"""Keywords drawn one by one at most: beyond that marks hide each other, and a million take minutes and megabytes."""
GROUPS = 48  # of neighbouring ranks, which are drawn together where there are more


def marginals_figure(marginals: Marginals, named: int, width: float = WIDE) -> Figure | None:
    """Shares on a log axis: keyword by keyword where there are at most `named`, else along their rank."""
    if not len(marginals.text):
        return None
    return _by_name(marginals, width) if len(marginals.text) <= named else _by_rank(marginals, width)


def marginals_caption(keywords: int, named: int) -> str:
    """What the figure shows, in a sentence or two."""
    if keywords <= named:
        return (
            "Beside each keyword, the number of captions that hold it. A line leads from its share before to the "
            "realised one."
        )
    if keywords <= MOST_MARKS:
        return "A dot is a keyword's realised share; lines are the shares before and the target."
    return (
        "Dots are medians of the realised shares of keywords that are about as frequent, the band holds four fifths of "
        "them; lines are the shares before and the target. Where the band meets the lower edge, some have none."
    )


@dataclass(frozen=True)
class Spread:
    """Shares of neighbouring ranks together, `[g]` each.

    Attributes:
        rank: the middle of the group on a logarithmic axis.
        low: below which a tenth of its keywords lie.
        middle: their median.
        high: above which a tenth lie.
    """

    rank: Floats
    low: Floats
    middle: Floats
    high: Floats


def spread(share: Floats, groups: int = GROUPS) -> Spread:
    """Shares by rank `[m]` in at most `groups` groups, as wide as each other on a logarithmic axis; none is empty."""
    edges = np.unique(np.round(np.geomspace(1, len(share) + 1, groups + 1)).astype(np.int64))
    parts = [share[low - 1 : high - 1] for low, high in pairwise(edges)]
    tenths = np.array([np.quantile(part, (0.1, 0.5, 0.9)) for part in parts])
    return Spread(np.sqrt(edges[:-1] * (edges[1:] - 1.0)), *tenths.T)


def drawn_ranks(keywords: int) -> Int64s:
    """Ranks from 1 that a line is drawn through: at most `MOST_MARKS`, evenly on the logarithmic axis."""
    if keywords <= MOST_MARKS:
        return np.arange(1, keywords + 1)
    return np.unique(np.round(np.geomspace(1, keywords, MOST_MARKS)).astype(np.int64))


def _by_name(marginals: Marginals, width: float) -> Figure:
    rows = np.arange(len(marginals.text))
    figure, (axis,) = blank(width, 1.0 + 0.215 * len(rows))
    if marginals.observed is not None and marginals.realised is not None:
        # A thread from where a keyword was to where it came.
        for row, start, stop in zip(rows, marginals.observed, marginals.realised, strict=True):
            if start > 0 and stop > 0:
                axis.plot([start, stop], [row, row], color=SERIES[1], linewidth=1.2, alpha=0.35)
    if marginals.target is not None:
        axis.plot(_positive(marginals.target), rows, "|", color=INK, markersize=11, markeredgewidth=1.6, label="target")
    for name, mark, colour, filled in (
        ("observed", "o", SERIES[0], True),
        ("balanced", "o", SERIES[1], False),
        ("realised", "o", SERIES[1], True),
    ):
        share = getattr(marginals, name)
        if share is not None:
            face = colour if filled else "none"
            axis.plot(
                _positive(share), rows, mark, color=colour, markerfacecolor=face, markersize=5.5, label=STAGES[name]
            )
    labels = [
        f"{displayed(text, LABEL_LENGTH if width >= WIDE else LABEL_LENGTH // 2)}  {count:,}"
        for text, count in zip(marginals.text.to_list(), marginals.count, strict=True)
    ]
    name_rows(axis, labels, margin=0.4, grid=True)
    axis.set_xscale("log")
    logarithmic(axis.xaxis)
    axis.xaxis.set_major_formatter(FuncFormatter(_per_cent))
    axis.set_xlabel("share of the keyword marginal (log scale)")
    figure.legend(loc="outside upper left", ncols=4 if width >= WIDE else 2)
    return figure


def _by_rank(marginals: Marginals, width: float) -> Figure:
    keywords = len(marginals.text)
    ranks = drawn_ranks(keywords)
    figure, (axis,) = blank(width, 3.6)
    before, target = (
        None if share is None else _positive(share[ranks - 1]) for share in (marginals.observed, marginals.target)
    )
    if before is not None:
        axis.plot(ranks, before, color=SERIES[0], linewidth=2, label=STAGES["observed"])
    if target is not None:
        axis.plot(ranks, target, color=INK, linewidth=1.1, linestyle=(0, (4, 2)), label="target")
    if marginals.realised is not None:
        (_realised if keywords > MOST_MARKS else _each_realised)(axis, marginals.realised)
    axis.set_xscale("log")
    axis.set_yscale("log")
    logarithmic(axis.xaxis)
    logarithmic(axis.yaxis)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.yaxis.set_major_formatter(FuncFormatter(_per_cent))
    first = "1 is the most frequent; " if width >= WIDE else ""
    axis.set_xlabel(f"{keywords:,} keywords by frequency ({first}log scale)")
    axis.set_ylabel("share of matches (log scale)", color=MUTED)
    figure.legend(loc="outside upper left", ncols=4 if width >= WIDE else 2)
    return figure


def _each_realised(axis: Axes, share: Floats) -> None:
    """A dot a keyword, above the lines."""
    axis.plot(
        np.arange(1, len(share) + 1), _positive(share), "o", color=SERIES[1], markersize=3.2, markeredgecolor=PAPER,
        markeredgewidth=0.4, label=STAGES["realised"], zorder=3,
    )  # fmt: skip


def _realised(axis: Axes, share: Floats) -> None:
    """A dot for the median of neighbouring ranks, above the lines, in the band that four fifths of them lie in."""
    found = spread(share)
    lowest = share[share > 0].min() if (share > 0).any() else np.nan  # where a log axis can show a tenth that is zero
    shown = found.high > 0
    axis.fill_between(
        found.rank, np.maximum(found.low, lowest), np.maximum(found.high, lowest), where=shown, color=SERIES[1],
        alpha=0.22, linewidth=0, label="four fifths of the realised",
    )  # fmt: skip
    axis.plot(
        found.rank, _positive(found.middle), "o", color=SERIES[1], markersize=5, markeredgecolor=PAPER,
        markeredgewidth=0.7, label="realised, median", zorder=3,
    )  # fmt: skip


def _positive(share: Floats) -> Floats:
    return np.where(share > 0, share, np.nan)


def _per_cent(value: float, _: object) -> str:
    return f"{100 * value:.8f}".rstrip("0").rstrip(".") + " %"
