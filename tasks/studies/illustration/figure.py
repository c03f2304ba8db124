"""The figure of the study `illustration`: a sample and both of its marginals after every half step."""

import numpy as np
from matplotlib.figure import Figure

from tasks.reporting.page.svg import INK, SERIES, blank
from tasks.studies.illustration.sample import IllustrationNumbers


def draw_illustration(numbers: IllustrationNumbers, width: float) -> Figure:
    """A column for each half step: the measure, then its marginals as bars with the true ones as steps.

    At a column's width the first, second and last half steps are shown.
    """
    shown = list(range(len(numbers.measures)))
    if width < 5:
        shown = sorted({0, 1, min(2, shown[-1]), shown[-1]})[:3]
    figure, axes = blank(width, 3 * width / len(shown) * 0.82 + 0.5, rows=3, columns=len(shown))
    measures = np.array(numbers.measures)
    top = float(max(measures.max(), np.max(numbers.joint)))
    reach = 1.1 * float(max(measures.sum(axis=1).max(), measures.sum(axis=2).max(), max(numbers.marginal)))
    place = np.arange(len(numbers.marginal))
    for column, k in enumerate(shown):
        grid, across, down = (axes[row * len(shown) + column] for row in range(3))
        grid.imshow(measures[k], cmap="Greys", vmin=0, vmax=top, aspect="auto")
        grid.set_title("sample" if k == 0 else f"k = {k} ({numbers.sides[k - 1]})")
        grid.set(xticks=[], yticks=[])
        grid.grid(visible=False)
        for panel, sums, colour, name in (
            (across, measures[k].sum(axis=1), SERIES[1], "x"),
            (down, measures[k].sum(axis=0), SERIES[2], "y"),
        ):
            panel.bar(place, sums, color=colour, width=0.8)
            panel.step(np.r_[place - 0.5, place[-1] + 0.5], [*numbers.marginal, numbers.marginal[-1]], "--",
                       where="post", color=INK, linewidth=0.9)  # fmt: skip
            panel.set_ylim(0, reach)
            panel.set_xticks([])
            panel.set_xlabel(f"values of {name}")
            if column:
                panel.set_yticklabels([])
        if column == 0:
            grid.set_ylabel("x"), across.set_ylabel("mass of x"), down.set_ylabel("mass of y")
        grid.set_xlabel("y")
    return figure


def draw_distance(numbers: IllustrationNumbers, width: float) -> Figure:
    """Mean total variation from the joint after every half step, with 95 % intervals."""
    figure, axes = blank(width, 2.4)
    steps = range(len(numbers.distance))
    axes[0].errorbar(
        steps, numbers.distance, yerr=numbers.half_width, fmt="o-", color=SERIES[1], markersize=4, capsize=2
    )
    axes[0].set_xticks(list(steps))
    axes[0].set_xlabel("half steps k")
    axes[0].set_ylabel("total variation from the joint")
    return figure
