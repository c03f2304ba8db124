"""How the embedded pairs lie: spanning trees, dimension, entropy, diversity at equal size, as numbers and figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pydantic import JsonValue

from tasks.reporting.inputs.untrusted import LABEL_LENGTH, displayed
from tasks.reporting.page.svg import INK, MUTED, blank, variant_colours

Floats = NDArray[np.float64]
Stats = Mapping[str, JsonValue]
DEVIATIONS = 1.96


@dataclass(frozen=True)
class Spread:
    """Diversity of rows drawn from a data set: mean tree edge over draws, its standard error, the share of drawn rows
    that repeat another exactly, rows in each draw, draws."""

    mean_edge: float
    standard_error: float
    repeated: float
    size: int
    draws: int


@dataclass(frozen=True)
class GeometryRow:
    """How one variant's embeddings lie: the numbers that the geometry stage gave, None where it gave none.

    `excess` and `excess_error`: by how much, relative to its length, a tree that is not exact may be too long;
    `dimension`, `dimension_low`, `dimension_high`: the intrinsic dimension and its interval; `entropy`: Rényi's, in
    nats, of order `order`; `near`: up to which distance pairs count as
    near-duplicates; `before`, `after`: diversity of all rows and of the variant's, at equal size.
    """

    variant: str
    points: int | None = None
    mst_length: float | None = None
    mean_edge: float | None = None
    certified: float | None = None
    exact: bool | None = None
    method: str | None = None
    excess: float | None = None
    excess_error: float | None = None
    uniformity: float | None = None
    dimension: float | None = None
    dimension_low: float | None = None
    dimension_high: float | None = None
    entropy: float | None = None
    order: float | None = None
    duplicate_groups: int | None = None
    duplicate_rows: int | None = None
    near: float | None = None
    before: Spread | None = None
    after: Spread | None = None

    @property
    def gain(self) -> tuple[float, float, float] | None:
        """`after / before − 1` of the mean edge, and its 95 % interval by the delta method, draws taken as independent.

        The draws share rows, so the interval is wider than it need be.
        """
        if self.before is None or self.after is None or self.before == self.after or self.before.mean_edge <= 0:
            return None
        ratio = self.after.mean_edge / self.before.mean_edge
        parts = [each.standard_error / each.mean_edge for each in (self.before, self.after) if each.mean_edge > 0]
        reach = DEVIATIONS * ratio * math.hypot(*parts) if len(parts) == 2 else 0.0
        return ratio - 1, ratio - 1 - reach, ratio - 1 + reach


def geometry_row(variant: str, stats: Stats) -> GeometryRow:
    """A row of the geometry table from a manifest's stats."""
    excess, dimension = _inner(stats, "excess"), _inner(stats, "intrinsic_dimension")
    entropy, diversity = _inner(stats, "renyi_entropy"), _inner(stats, "diversity")
    return GeometryRow(
        variant=variant,
        points=whole(stats.get("points")),
        mst_length=real(stats.get("mst_length")),
        mean_edge=real(stats.get("mean_edge")),
        certified=real(stats.get("certified_fraction")),
        exact=bool(stats["exact"]) if "exact" in stats else None,
        method=str(stats["method"]) if "method" in stats else None,
        excess=real(excess.get("relative_bound")),
        excess_error=real(excess.get("relative_standard_error")),
        uniformity=real(stats.get("uniformity")),
        dimension=real(dimension.get("estimate")),
        dimension_low=real(dimension.get("low")),
        dimension_high=real(dimension.get("high")),
        entropy=real(entropy.get("nats")),
        order=real(entropy.get("order")),
        duplicate_groups=whole(stats.get("duplicate_groups")),
        duplicate_rows=whole(stats.get("duplicate_rows")),
        near=real(stats.get("duplicate_distance")),
        before=_spread(_inner(diversity, "all")),
        after=_spread(_inner(diversity, "measured")),
    )


def edges_figure(lengths: Mapping[str, Floats], cut: float | None = None) -> Figure | None:
    """Lengths of the spanning trees' edges, a line a data set: share of the edges in each of 60 bins of equal width.

    Args:
        lengths: float `[n − 1]` of every data set.
        cut: where near-duplicates are cut off, drawn as a dashed line.
    """
    positive = [values[values > 0] for values in lengths.values()]
    if not any(len(values) for values in positive):
        return None
    top = max(float(np.quantile(values, 0.999)) for values in positive if len(values))
    bins = np.linspace(0, top, 61)
    figure, (axis,) = blank(7.4, 2.7)
    colours = variant_colours(list(lengths))
    for name, values in lengths.items():
        shares = np.histogram(np.minimum(values, top), bins)[0] / max(1, len(values))
        axis.stairs(100 * shares, bins, color=colours[name], linewidth=1.4, label=displayed(name, LABEL_LENGTH))
    if cut is not None and cut <= top:
        axis.axvline(cut, color=INK, linewidth=1, linestyle=(0, (4, 2)), label=f"cut at {cut:g}")
    axis.set_xlim(0, top)
    axis.set_xlabel("length of a tree edge: distance from a pair to its next of kin")
    axis.set_ylabel("share of edges, %", color=MUTED)
    figure.legend(loc="outside upper left", ncols=4)
    return figure


def diversity_figure(rows: Sequence[GeometryRow]) -> Figure | None:
    """Mean tree edge before and after, at equal size, with 95 % intervals; a line a variant that is a selection."""
    compared = [row for row in rows if row.gain is not None]
    if not compared:
        return None
    colours = variant_colours([row.variant for row in rows])
    figure, (axis,) = blank(7.4, 0.85 + 0.42 * len(compared))
    labelled = False
    for place, row in enumerate(compared):
        assert row.before and row.after
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
    axis.set_yticks(range(len(compared)), [displayed(row.variant, 2 * LABEL_LENGTH) for row in compared])
    axis.set_ylim(len(compared) - 0.45, -0.55)
    axis.grid(visible=False, axis="y")
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("mean tree edge over draws of equal size: longer is more diverse")
    figure.legend(loc="outside upper left", ncols=2)
    return figure


def whole(value: JsonValue) -> int | None:
    """An integer, or None for anything that is not a number."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def real(value: JsonValue) -> float | None:
    """A float, or None for anything that is not a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _inner(stats: Stats, name: str) -> Stats:
    value = stats.get(name)
    return value if isinstance(value, dict) else {}


def _spread(stats: Stats) -> Spread | None:
    mean, error, repeated = (real(stats.get(name)) for name in ("mean_edge", "standard_error", "repeated"))
    size, draws = whole(stats.get("size")), whole(stats.get("draws"))
    if mean is None or error is None or size is None or draws is None:
        return None
    return Spread(mean, error, repeated or 0.0, size, draws)
