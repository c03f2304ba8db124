"""What the stage writes down: the keywords with their marginals, the history, and the numbers of the manifest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from storage.schemas import ENTRIES
from tasks.balancing.diagnostics import expected_marginal, kullback_leibler, total_variation
from tasks.balancing.incidence import Floats, Incidence
from tasks.balancing.result import Balance

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
SENTENCES = 20


def entries_table(keywords: pa.Table, matrix: Incidence, balance: Balance, target: Floats) -> pa.Table:
    """The keyword table with count, and observed, target and balanced marginals (each sums to 1).

    `balanced` is the *expected marginal of a selection by these weights*: kept captions bring all their keywords, so
    it is not the marginal of pair masses, which raking sets to the target by construction.
    """
    equal = np.ones(matrix.rows)
    columns = {
        "count": pa.array(matrix.counts.astype(np.uint64)),
        "observed": pa.array(expected_marginal(matrix, equal, balance.unit)),
        "target": pa.array(target),
        "balanced": pa.array(expected_marginal(matrix, balance.weight, balance.unit)),
        "log_scale": pa.array(balance.log_scale),
        "realised": pa.nulls(matrix.columns, pa.float64()),
    }
    arrays = [columns[field.name] if field.name in columns else keywords.column(field.name) for field in ENTRIES]
    return pa.table([_plain(array).cast(field.type) for array, field in zip(arrays, ENTRIES)], schema=ENTRIES)


def history_table(balance: Balance) -> pa.Table:
    """One row a recorded half step; distances that were not measured, or are infinite, are null."""
    rows = [
        {
            "step": step.step,
            "side": step.side,
            "row_l1": finite(step.row_l1),
            "row_kl": finite(step.row_kl),
            "column_l1": finite(step.column_l1),
            "column_kl": finite(step.column_kl),
        }
        for step in balance.history
    ]
    return pa.Table.from_pylist(rows, schema=HISTORY)


def statistics(balance: Balance, matrix: Incidence, target: Floats, texts: Sequence[str]) -> Mapping[str, JsonValue]:
    """The numbers of the manifest: what was reached, what it costs, and what stands in the way."""
    expected = expected_marginal(matrix, balance.weight, balance.unit)
    observed = expected_marginal(matrix, np.ones(matrix.rows), balance.unit)
    return {
        "matched": matrix.rows,
        "matches": len(matrix.indices),
        "keywords": int(np.count_nonzero(matrix.counts)),
        "converged": balance.converged,
        "reason": balance.reason,
        "residual": finite(balance.residual),
        "row_residual": finite(balance.row_residual),
        "column_residual": finite(balance.column_residual),
        "iterations": balance.iterations,
        "threshold": finite(balance.threshold),
        "expected_size": None if balance.inclusion is None else float(balance.inclusion.sum()),
        "effective_sample_size": balance.effective_sample_size,
        "design_effect": finite(balance.design_effect),
        "largest_weight": float(balance.weight.max()),
        "total_variation": total_variation(expected, target),
        "total_variation_before": total_variation(observed, target),
        "kl": finite(kullback_leibler(target, expected)),
        "infeasible": [obstacle.sentence(texts) for obstacle in balance.infeasible[:SENTENCES]],
        "obstacles": len(balance.infeasible),
    }


def finite(value: float | None) -> float | None:
    """The number, or None where JSON has none for it."""
    return None if value is None or not math.isfinite(value) else float(value)


def _plain(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
