"""What the stage writes down: the keywords with their marginals, the history, and the numbers of the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from storage.tables.schemas import ENTRIES
from tasks.arrays import Floats, Integers
from tasks.balancing.diagnostics import kullback_leibler, total_variation
from tasks.balancing.result import Balance
from tasks.balancing.stats import BalanceStats, MatrixFacts, finite
from tasks.balancing.theory.spectrum import observed_rate

HISTORY = pa.schema(
    [
        ("step", pa.int32()),
        ("side", pa.string()),
        ("row_l1", pa.float64()),
        ("row_kl", pa.float64()),
        ("column_l1", pa.float64()),
        ("column_kl", pa.float64()),
    ]
)
POTENTIALS = pa.schema([("step", pa.int32()), ("side", pa.string()), ("log_scale", pa.list_(pa.float64()))])
SENTENCES = 20


@dataclass(frozen=True)
class Marginals:
    """Keyword marginals before and after balancing.

    Attributes:
        counts: `[m]` captions that hold each keyword.
        observed: `[m]`, sums to 1, in the balancing's unit, as the next two.
        target: `[m]`, what was aimed at.
        expected: `[m]`, of a *selection by the weights*: kept captions bring all their keywords, so it is not the
            marginal of the matches' masses, which raking sets to the target by construction.
        matched: captions with a keyword.
        largest_weight: the largest weight (mean 1).
    """

    counts: Integers
    observed: Floats
    target: Floats
    expected: Floats
    matched: int
    largest_weight: float


def entries_table(keywords: pa.Table, found: Marginals, balance: Balance) -> pa.Table:
    """The keyword table with count, observed, target and balanced (= expected) marginals, and log scalings."""
    columns = {
        "count": pa.array(found.counts.astype(np.uint64)),
        "observed": pa.array(found.observed),
        "target": pa.array(found.target),
        "balanced": pa.array(found.expected),
        "log_scale": pa.array(balance.log_scale),
        "realised": pa.nulls(keywords.num_rows, pa.float64()),
    }
    arrays = [columns[field.name] if field.name in columns else keywords.column(field.name) for field in ENTRIES]
    return pa.table([_plain(array).cast(field.type) for array, field in zip(arrays, ENTRIES)], schema=ENTRIES)


def history_table(balance: Balance) -> pa.Table:
    """One row a half step (rake) or check (calibrate); distances not measured, or infinite, are null."""
    names = ("row_l1", "row_kl", "column_l1", "column_kl")
    rows = [
        {"step": step.step, "side": step.side, **{name: finite(getattr(step, name)) for name in names}}
        for step in balance.history
    ]
    return pa.Table.from_pylist(rows, schema=HISTORY)


def potentials_table(balance: Balance) -> pa.Table:
    """The keywords' log scalings after the first recorded half steps, for `explain` to replay a caption's weight."""
    if balance.potentials is None:
        return POTENTIALS.empty_table()
    sides = {step.step: step.side for step in balance.history}
    return pa.table(
        {
            "step": pa.array(balance.potential_steps, pa.int32()),
            "side": pa.array([sides[step] for step in balance.potential_steps]),
            "log_scale": pa.array(list(balance.potentials), pa.list_(pa.float64())),
        },
        schema=POTENTIALS,
    )


def figures_of(
    method: str,
    balance: Balance,
    found: Marginals,
    texts: Sequence[str],
    *,
    unmatched: int,
    gone: int,
    expected_size: float | None,
    facts: MatrixFacts,
) -> BalanceStats:
    """The figures of the manifest.

    Args:
        method: what was asked for, by its name.
        balance: the result.
        found: its marginals.
        texts: `[m]` keywords, for obstacles in words.
        unmatched: captions without any keyword.
        gone: captions that were dropped before matching.
        expected_size: captions that the law itself expects.
        facts: what the matrix allows, as far as it was looked at.
    """
    return BalanceStats(
        method=method,
        rows=found.matched + unmatched,
        unmatched=unmatched,
        gone=gone,
        matched=found.matched,
        matches=int(found.counts.sum()),
        keywords=int(np.count_nonzero(found.counts)),
        unit=balance.unit,
        converged=balance.converged,
        reason=balance.explanation(texts),
        residual=finite(balance.residual),
        row_residual=finite(balance.row_residual),
        column_residual=finite(balance.column_residual),
        iterations=balance.iterations,
        observed_rate=finite(observed_rate(balance.history)),
        duality_gap=finite(balance.gap),
        threshold=finite(balance.threshold),
        expected_size=expected_size,
        effective_sample_size=balance.effective_sample_size,
        design_effect=finite(balance.design_effect),
        largest_weight=found.largest_weight,
        total_variation=total_variation(found.expected, found.target),
        total_variation_before=total_variation(found.observed, found.target),
        kl=finite(kullback_leibler(found.target, found.expected)),
        infeasible=tuple(obstacle.sentence(texts) for obstacle in balance.infeasible[:SENTENCES]),
        obstacles=len(balance.infeasible),
        **facts.model_dump(),
    )


def _plain(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
