r"""Keyword marginals: before, target, balanced and realised, and how far apart they are.

The number that counts is the *realised* one: the marginal of the captions that were in fact selected, repeats included.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from storage.record.manifest import Manifest
from tasks.arrays import Floats, Int64s
from tasks.balancing.stats import BalanceStats
from tasks.resampling.stats import RealiseStats

# Column of the keyword table → its name to readers. The order is that of the process.
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

    text: pl.Series
    count: Int64s
    observed: Floats | None
    target: Floats | None
    balanced: Floats | None
    realised: Floats | None


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
        text=table["text"],
        count=table["count"].fill_null(0).cast(pl.Int64).to_numpy(),
        **{name: _share(table, name) for name in ("observed", "target", "balanced", "realised")},
    )


def distances(marginals: Marginals) -> tuple[Distance, ...]:
    """The distance of each known marginal from the target; empty without a target."""
    if marginals.target is None:
        return ()
    known = [(label, getattr(marginals, name)) for name, label in STAGES.items()]
    return tuple(_distance(label, share, marginals.target) for label, share in known if share is not None)


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
