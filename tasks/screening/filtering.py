"""Rows dropped by their scores: bounds that are given, or found so that a share of all rows stays."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import ceil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.lookup import left
from storage.tables.schemas import SCORES, scores_in
from tasks.arrays import Floats, Ids, Words
from tasks.screening.config import ScoreFilter

DIGITS = 16
_SIGN = np.uint64(1 << 63)


def top_bound(batches: Callable[[], Iterable[Floats]], share: float) -> float | None:
    """The score of the last row that a top share keeps: of n rows the `⌈share · n⌉`-th from above; None without rows.

    Exact, in four passes over the scores, each of which counts the next 16 bits of those that may still be it; so
    memory does not grow with the rows. Rows that tie with the bound stay too.

    Args:
        batches: gives all the scores, `[b]` at a time, whenever it is called; none is NaN.
        share: in (0, 1].
    """
    total = sum(len(batch) for batch in batches())
    if not total:
        return None
    wanted = ceil(Fraction(str(share)) * total)
    prefix = 0
    for digit in range(64 // DIGITS):
        shift = np.uint64(64 - DIGITS * (digit + 1))
        counts = np.zeros(1 << DIGITS, np.int64)
        for batch in batches():
            keys = _ascending(batch)
            held = keys >> shift >> np.uint64(DIGITS) == np.uint64(prefix) if digit else np.ones(len(keys), np.bool_)
            counts += np.bincount((keys[held] >> shift & np.uint64(0xFFFF)).astype(np.int64), minlength=len(counts))
        from_above = np.cumsum(counts[::-1])
        steps = int(np.searchsorted(from_above, wanted))
        wanted -= int(from_above[steps - 1]) if steps else 0
        prefix = (prefix << DIGITS) | (len(counts) - 1 - steps)
    return float(_score(np.uint64(prefix)))


def _ascending(scores: Floats) -> Words:
    """Whole numbers in the order of the scores; −0 counts as 0."""
    bits = (scores + 0.0).view(np.uint64)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _score(key: np.uint64) -> np.float64:
    bits = key & ~_SIGN if key & _SIGN else ~key
    return np.uint64(bits).view(np.float64)


def filtered_rows(pairs: pa.Table, rules: Sequence[ScoreFilter], bounds: Sequence[float | None]) -> pa.Table:
    """The rows of some pairs that a rule drops: `id`, `reason`, and the score and its bound as `detail`.

    A row that several rules drop has the reason of the first.

    Args:
        pairs: with `id` and, where their source carries any, `scores`.
        rules: of the configuration.
        bounds: for each rule the bound of its top share; None where it has none.
    """
    reasons = pa.nulls(pairs.num_rows, pa.string())
    details = pa.nulls(pairs.num_rows, pa.string())
    for rule, bound in zip(rules, bounds, strict=True):
        for fails, reason, detail in _tests(_column(pairs, rule.score), rule, bound):
            fresh = pc.and_(fails, pc.is_null(reasons))
            reasons = pc.if_else(fresh, pa.scalar(reason), reasons)
            details = pc.if_else(fresh, detail, details)
    dropped = pc.is_valid(reasons)
    columns = [pairs["id"].combine_chunks().filter(dropped), reasons.filter(dropped), details.filter(dropped)]
    return pa.table(columns, names=["id", "reason", "detail"])


def _column(pairs: pa.Table, score: str) -> pa.Array:
    if score not in scores_in(pairs.schema):
        return pa.nulls(pairs.num_rows, pa.float64())
    column = pc.struct_field(pairs[SCORES], score)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _tests(
    values: pa.Array, rule: ScoreFilter, bound: float | None
) -> Iterable[tuple[pa.Array, str, pa.Array | pa.Scalar]]:
    """Which rows fail, why, and each one's detail; null counts as not failing."""

    def against(words: str) -> pa.Array:
        text = pc.cast(values, pa.string())
        return pc.binary_join_element_wise(pa.scalar(rule.score), text, pa.scalar(words), " ")

    if rule.missing == "drop":
        yield pc.is_null(values), f"no score {rule.score}", pa.scalar(f"{rule.score} is missing")
    for limit, fails, side in ((rule.at_least, pc.less, "below"), (rule.at_most, pc.greater, "above")):
        if limit is not None:
            words = f"{side} {limit:.10g}"
            yield pc.fill_null(fails(values, limit), False), f"{rule.score} {words}", against(words)
    if rule.top is not None and bound is not None:
        reason = f"{rule.score} below the top {100 * rule.top:g} %"
        yield pc.fill_null(pc.less(values, bound), False), reason, against(f"below {bound!r}")


def scores_of(pairs: pa.Table, score: str, gone: Ids) -> Floats:
    """The scores of the rows that have it and are not gone, float64 `[b]`. gone: ids, ascending."""
    values = _column(pairs, score).filter(pa.array(left(pairs["id"].to_numpy(), gone)))
    found: Floats = values.drop_null().to_numpy(zero_copy_only=False)
    return found
