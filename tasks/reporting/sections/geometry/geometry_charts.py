"""Figures of the geometry: lengths of tree edges, and diversity before and after."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tasks.arrays import Floats
from tasks.reporting.inputs.untrusted import LABEL_LENGTH, displayed
from tasks.reporting.page.svg import INK, MUTED, WIDE, blank, name_rows, variant_colours
from tasks.reporting.sections.geometry.geometry import DEVIATIONS, GeometryRow


def edges_figure(lengths: Mapping[str, Floats], cut: float | None = None, width: float = WIDE) -> Figure | None:
    """Lengths of the spanning trees' edges, a line a data set: share of the edges in each of 60 bins of equal width.

    Args:
        lengths: float `[n − 1]` of every data set.
        cut: where near-duplicates are cut off, drawn as a dashed line.
        width: of the figure, in inches.
    """
    positive = [values[values > 0] for values in lengths.values()]
    if not any(len(values) for values in positive):
        return None
    top = max(float(np.quantile(values, 0.999)) for values in positive if len(values))
    bins = np.linspace(0, top, 61)
    figure, (axis,) = blank(width, 2.7)
    colours = variant_colours(list(lengths))
    for name, values in lengths.items():
        shares = np.histogram(np.minimum(values, top), bins)[0] / max(1, len(values))
        axis.stairs(100 * shares, bins, color=colours[name], linewidth=1.4, label=displayed(name, LABEL_LENGTH))
    if cut is not None and cut <= top:
        axis.axvline(cut, color=INK, linewidth=1, linestyle=(0, (4, 2)), label=f"cut at {cut:g}")
    axis.set_xlim(0, top)
    axis.set_xlabel("length of a tree edge")
    axis.set_ylabel("share of edges, %", color=MUTED)
    figure.legend(loc="outside upper left", ncols=4 if width >= WIDE else 2)
    return figure


def diversity_figure(rows: Sequence[GeometryRow], width: float = WIDE) -> Figure | None:
    """Mean tree edge before and after, at equal size, with 95 % intervals; a line a variant that is a selection."""
    compared = [row for row in rows if row.gain is not None]
    if not compared:
        return None
    colours = variant_colours([row.variant for row in rows])
    figure, (axis,) = blank(width, 0.85 + 0.42 * len(compared))
    labelled = False
    for place, row in enumerate(compared):
        for spread, colour, shift, label in (
            (row.before, MUTED, -0.13, "all pairs"),
            (row.after, colours[row.variant], 0.13, None),
        ):
            reach = DEVIATIONS * spread.standard_error
            ends = [spread.mean_edge - reach, spread.mean_edge + reach]
            axis.plot(ends, [place + shift] * 2, color=colour, linewidth=2.2, alpha=0.55)
            axis.plot([spread.mean_edge], [place + shift], "o", color=colour, markersize=5, markeredgewidth=0,
                      label=label if label and not labelled else None)  # fmt: skip
        labelled = True
    name_rows(axis, [displayed(row.variant, 2 * LABEL_LENGTH) for row in compared], above=width < WIDE)
    narrow = width < WIDE
    axis.set_xlabel("mean tree edge at equal size" + (":\n" if narrow else ": ") + "longer is more diverse")
    axis.xaxis.set_major_locator(MaxNLocator(4 if narrow else 8))
    figure.legend(loc="outside upper left", ncols=2 if width >= WIDE else 1)
    return figure
