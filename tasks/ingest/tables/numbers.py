"""Labels and scores of a table as numbers, whether they were written as numbers or as texts."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.arrays import Bools
from tasks.ingest.columns.cells import is_text
from tasks.ingest.columns.plain import plain

_MISSING = r"^\s*(?i:na|n/a|nan|null|none)?\s*$"
_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$|^\s*[+-]?(?i:inf|infinity)\s*$"


def scores_of(values: pa.Array) -> tuple[pa.DoubleArray, Bools]:
    """Numbers as float64 `[n]`, what is missing or not a number as null; and which rows hold something else, bool.

    In texts, nothing, `NA`, `nan`, `null` and `none` are missing.
    """
    values = plain(values)
    if not is_text(values.type):
        return values.cast(pa.float64(), safe=False), np.zeros(len(values), np.bool_)
    texts = pc.if_else(pc.fill_null(pc.match_substring_regex(values, _MISSING), True), None, values)
    written = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), False)
    numbers = pc.if_else(written, pc.utf8_trim_whitespace(texts), None).cast(pa.float64())
    odd: Bools = pc.and_(pc.is_valid(texts), pc.invert(written)).to_numpy(zero_copy_only=False)
    return numbers, odd


def labels_of(values: pa.Array) -> tuple[pa.Array, Bools]:
    """Whole numbers or null `[n]`, and which rows hold something else, bool.

    pandas writes integers with gaps as floats: 3.0 is 3, and NaN is null.
    """
    values = plain(values)
    if pa.types.is_integer(values.type):
        return values, np.zeros(len(values), np.bool_)
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.int32()), np.zeros(len(values), np.bool_)
    numbers, odd = scores_of(values)
    found = numbers.to_numpy(zero_copy_only=False)
    missing = np.isnan(found)
    whole = ~missing & (np.abs(found) < 2.0**62) & (np.floor(found) == found)
    labels = pa.array(np.where(whole, found, 0).astype(np.int64), mask=~whole)
    return labels, odd | ~(missing | whole)
