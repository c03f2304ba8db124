"""Figures of the study `tregs-points`."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.reporting.page.svg import INK, MUTED, SERIES, blank, logarithmic
from tasks.studies.tregs_points.descents import Moved
from tasks.studies.tregs_points.zeroed import Zeroed

START, END = MUTED, SERIES[1]


def draw_spheres(circle: Moved, sphere: Moved, width: float) -> Figure:
    """The circle, and the sphere from the side on which its points began and from the other, before and after."""
    narrow = width < 5
    figure, axes = blank(width, 2.6 if not narrow else 7.4, rows=3 if narrow else 1, columns=1 if narrow else 3)
    _scatter(axes[0], circle, (0, 1), None, f"{circle.points} points on the circle")
    for panel, sign, side in ((axes[1], 1, "the crowded side"), (axes[2], -1, "the far side")):
        _scatter(panel, sphere, (0, 1), sign, f"sphere in 3-d, {side}")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _scatter(panel: Axes, descent: Moved, axes: tuple[int, int], side: int | None, title: str) -> None:
    for places, colour, label, size in zip(descent.places, (START, END), ("start", "end"), (7, 7), strict=True):
        points = np.array(places)
        if side is not None:
            points = points[side * points[:, 2] >= 0]
        panel.scatter(points[:, axes[0]], points[:, axes[1]], s=size, color=colour, label=label, linewidths=0)
    panel.set_title(title)
    panel.set_aspect("equal")
    panel.set_xlabel("x")
    panel.set_ylabel("y")


def draw_norms(settling: Sequence[Moved], alone: Moved, width: float) -> Figure:
    """Mean norms, with the radius that is predicted; the tree alone grows without end."""
    figure, axes = blank(width, 2.7)
    panel = axes[0]
    for each, colour in zip((*settling, alone), (SERIES[1], SERIES[2], SERIES[3], SERIES[4]), strict=False):
        label = f"{each.name}, n = {each.points}" if each is not alone else "tree alone (λ = 0)"
        panel.plot(np.arange(len(each.norm)) + 1, each.norm, color=colour, label=label)
        if each.radius is not None:
            panel.axhline(each.radius, color=colour, linestyle=":", linewidth=1)
    panel.set_yscale("log")
    logarithmic(panel.yaxis)
    panel.set_xlabel("step (dotted: predicted radius)")
    panel.set_ylabel("mean ‖z‖")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def draw_spectra(descents: Sequence[Moved], width: float) -> Figure:
    """Singular values before and after, of batches that were all but one point."""
    narrow = width < 5
    figure, axes = blank(
        width, 2.5 * len(descents) if narrow else 2.6, rows=len(descents) if narrow else 1,
        columns=1 if narrow else len(descents),
    )  # fmt: skip
    for panel, each in zip(axes, descents, strict=True):
        for values, colour, label in zip(each.spectrum, (START, END), ("start", "end"), strict=True):
            panel.plot(np.arange(len(values)) + 1, values, color=colour, label=label)
        panel.set_yscale("log")
        logarithmic(panel.yaxis)
        panel.set_title(f"{each.points} points in {each.dimension} dimensions")
        panel.set_xlabel("index")
        panel.set_ylabel("singular value, centred")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def draw_peers(peers: Sequence[Moved], width: float) -> Figure:
    """How far apart the cosines of all pairs still lie: quantiles, for each regulariser that moved the Gaussian."""
    figure, axes = blank(width, 3.0)
    panel = axes[0]
    share = np.linspace(0, 100, len(peers[0].cosines[0]))
    panel.plot(share, peers[0].cosines[0], color=MUTED, linestyle="--", label="Gaussian, at the start")
    for each, colour in zip(peers, SERIES[1:], strict=False):
        panel.plot(share, each.cosines[1], color=colour, label=each.name)
    panel.axhline(-1 / (peers[0].points - 1), color=INK, linestyle=":", linewidth=1)
    panel.set_xlabel("share of pairs below, % (dotted: regular simplex)")
    panel.set_ylabel("cosine")
    figure.legend(loc="outside lower center", ncols=1 if width < 5 else 2)
    return figure


def draw_zeroed(measures: Sequence[Zeroed], width: float) -> Figure:
    """Every measure against the share of zeroed coordinates, from its least to its most."""
    figure, axes = blank(width, 2.9)
    panel = axes[0]
    for each, colour in zip(measures, SERIES[1:], strict=False):
        values = np.array(each.values)
        ends = values.mean(axis=1)
        span = ends.max() - ends.min() or 1.0
        shown = (values - ends.min()) / span
        shares = 100 * np.array(each.share)
        panel.fill_between(shares, shown.min(axis=1), shown.max(axis=1), color=colour, alpha=0.2, linewidth=0)
        panel.plot(shares, shown.mean(axis=1), "o-", color=colour, markersize=3, label=each.name)
    panel.set_xlabel("zeroed coordinates, %")
    panel.set_ylabel("from its least (0) to its most (1)")
    figure.legend(loc="outside lower center", ncols=1 if width < 5 else 3)
    return figure
