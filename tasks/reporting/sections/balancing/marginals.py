r"""Keyword marginals: before, target, balanced and realised, and how far apart they are.

The number that counts is the *realised* one: the marginal of the captions that were in fact selected, repeats included.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from storage.record.manifest import Manifest
from tasks.arrays import Floats, Int64s
from tasks.balancing.stats import BalanceStats
from tasks.reporting.inputs.untrusted import LABEL_LENGTH, displayed
from tasks.reporting.page.svg import INK, MUTED, SERIES, WIDE, blank, logarithmic, name_rows
from tasks.resampling.stats import RealiseStats

# Column of the keyword table → its name to readers. The order is that of the process.
MOST_MARKS = 2_000
"""Keywords drawn at most: a mark for each of a million takes minutes to draw, and megabytes of SVG."""
STAGES: Mapping[str, str] = {"observed": "before", "balanced": "balanced (expected)", "realised": "realised"}


@dataclass(frozen=True)
class Marginals:
    """Marginals over the live keywords, most frequent first; each sums to 1, or is None where it is not known.

    Attributes:
        text: of each keyword.
        count: int64 `[m]`, captions that hold it.
        observed: `[m]`, before balancing.
        target: `[m]`, what was asked for.
        balanced: `[m]`, what the weights make of it, in expectation.
        realised: `[m]`, what the selection holds.
    """

    text: tuple[str, ...]
    count: Int64s
    observed: Floats | None
    target: Floats | None
    balanced: Floats | None
    realised: Floats | None

    def take(self, places: Int64s) -> "Marginals":
        """Some of the keywords."""
        shares = (
            None if each is None else each[places]
            for each in (self.observed, self.target, self.balanced, self.realised)
        )
        return Marginals(tuple(self.text[place] for place in places.tolist()), self.count[places], *shares)


@dataclass(frozen=True)
class Distance:
    """How far one marginal is from the target.

    Attributes:
        name: which marginal.
        total_variation: `½ Σ|p − t|`.
        kl: `Σ t log(t / p)` in nats; None where p is 0 at a keyword that t wants.
        imbalance: the largest over the smallest positive share.
        missing: keywords that t wants and p lacks.
    """

    name: str
    total_variation: float
    kl: float | None
    imbalance: float
    missing: int


@dataclass(frozen=True)
class KeywordMarginals:
    """The section.

    Attributes:
        shares: of each keyword, before and after.
        distances: of each marginal from the target.
        balancing: figures of `balance`.
        selection: figures of `realise`.
    """

    shares: Marginals
    distances: tuple[Distance, ...]
    balancing: BalanceStats
    selection: RealiseStats

    @property
    def approach(self) -> tuple[float, float] | None:
        """Total variation from the target, before and realised; None where either is not known."""
        known = {each.name: each.total_variation for each in self.distances}
        before, after = known.get(STAGES["observed"]), known.get(STAGES["realised"])
        return None if before is None or after is None else (before, after)


def keyword_marginals(keywords: pl.DataFrame, balanced: Manifest, selection: Manifest) -> KeywordMarginals:
    """From the keyword table with every marginal filled in, and the outputs of `balance` and `realise`."""
    shares = read_marginals(keywords)
    return KeywordMarginals(shares, distances(shares), BalanceStats.of(balanced), RealiseStats.of(selection))


def read_marginals(entries: pl.DataFrame) -> Marginals:
    """Marginals from an `entries` table; keywords that no caption holds and no target wants are left out."""
    wanted = pl.col("count").fill_null(0) > 0
    if "target" in entries.columns:
        wanted = wanted | (pl.col("target").fill_null(0.0) > 0)
    table = entries.filter(wanted).sort(["count", "entry"], descending=[True, False], nulls_last=True)
    return Marginals(
        text=tuple(table["text"].to_list()),
        count=table["count"].fill_null(0).cast(pl.Int64).to_numpy(),
        **{name: _share(table, name) for name in ("observed", "target", "balanced", "realised")},
    )


def distances(marginals: Marginals) -> tuple[Distance, ...]:
    """The distance of each known marginal from the target; empty without a target."""
    if marginals.target is None:
        return ()
    known = [(label, getattr(marginals, name)) for name, label in STAGES.items()]
    return tuple(_distance(label, share, marginals.target) for label, share in known if share is not None)


def marginals_figure(marginals: Marginals, named: int, width: float = WIDE) -> Figure | None:
    """Shares on a log axis: keyword by keyword where there are at most `named`, else along their rank."""
    if not marginals.text:
        return None
    return _by_name(marginals, width) if len(marginals.text) <= named else _by_rank(marginals, width)


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
        for text, count in zip(marginals.text, marginals.count, strict=True)
    ]
    name_rows(axis, labels, margin=0.4, grid=True)
    axis.set_xscale("log")
    logarithmic(axis.xaxis)
    axis.xaxis.set_major_formatter(FuncFormatter(_per_cent))
    axis.set_xlabel("share of the keyword marginal (log scale)")
    figure.legend(loc="outside upper left", ncols=4 if width >= WIDE else 2)
    return figure


def drawn_ranks(keywords: int) -> Int64s:
    """Ranks from 1 that a figure of many keywords draws: all to begin with, then evenly on the logarithmic axis."""
    if keywords <= MOST_MARKS:
        return np.arange(1, keywords + 1)
    return np.unique(np.round(np.geomspace(1, keywords, MOST_MARKS)).astype(np.int64))


def _by_rank(marginals: Marginals, width: float) -> Figure:
    keywords = len(marginals.text)
    ranks = drawn_ranks(keywords)
    marginals = marginals.take(ranks - 1)
    figure, (axis,) = blank(width, 3.3)
    if marginals.realised is not None:
        axis.plot(
            ranks, _positive(marginals.realised), ".", color=SERIES[1], markersize=3, alpha=0.5, markeredgewidth=0,
            label=STAGES["realised"],
        )  # fmt: skip
    if marginals.balanced is not None:
        axis.plot(
            ranks, _positive(marginals.balanced), color=SERIES[1], linewidth=0.9, alpha=0.8, label="balanced (expected)"
        )
    if marginals.observed is not None:
        axis.plot(ranks, _positive(marginals.observed), color=SERIES[0], linewidth=2, label=STAGES["observed"])
    if marginals.target is not None:
        axis.plot(ranks, _positive(marginals.target), color=INK, linewidth=1.1, linestyle=(0, (4, 2)), label="target")
    axis.set_xscale("log")
    axis.set_yscale("log")
    logarithmic(axis.xaxis)
    logarithmic(axis.yaxis)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.yaxis.set_major_formatter(FuncFormatter(_per_cent))
    drawn = "" if len(ranks) == keywords else f"; {len(ranks):,} of {keywords:,} are drawn"
    axis.set_xlabel(f"keyword, by frequency (1 is the most frequent; log scale{drawn})")
    axis.set_ylabel("share of matches (log scale)", color=MUTED)
    figure.legend(loc="outside upper left", ncols=4 if width >= WIDE else 2)
    return figure


def _share(table: pl.DataFrame, name: str) -> Floats | None:
    if name not in table.columns or table[name].null_count() == len(table):
        return None
    values = table[name].fill_null(0.0).to_numpy().astype(np.float64)
    total = values.sum()
    share: Floats = values / total if total > 0 else values
    return share


def _distance(name: str, share: Floats, target: Floats) -> Distance:
    wanted = target > 0
    missing = int(np.sum(wanted & (share <= 0)))
    ratio = float(np.sum(target[wanted] * np.log(target[wanted] / share[wanted]))) if not missing else None
    positive = share[share > 0]
    return Distance(
        name=name,
        total_variation=float(np.abs(share - target).sum() / 2),
        kl=ratio,
        imbalance=float(positive.max() / positive.min()) if len(positive) else 1.0,
        missing=missing,
    )


def _positive(share: Floats) -> Floats:
    return np.where(share > 0, share, np.nan)


def _per_cent(value: float, _: object) -> str:
    return f"{100 * value:.5f}".rstrip("0").rstrip(".") + " %"
