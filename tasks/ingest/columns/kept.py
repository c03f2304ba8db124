"""Columns that are kept as texts, whatever they hold: addresses, sizes, licences, times."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.arrays import Bools
from tasks.ingest.columns.cells import as_bytes, is_text
from tasks.ingest.columns.characters import characters
from tasks.ingest.columns.plain import plain


def kept_of(values: pa.Array) -> tuple[pa.StringArray, Bools]:
    """Values as texts `[n]`, null where there is none; and which rows hold bytes that are not UTF-8, bool."""
    values = plain(values)
    if pa.types.is_nested(values.type):  # a JSON field that is the caption too, and holds several
        spelled = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values.to_pylist()]
        return pa.array(spelled, pa.string()), np.zeros(len(values), np.bool_)
    if not is_text(values.type):
        return values.cast(pa.string()), np.zeros(len(values), np.bool_)
    odd = ~characters(as_bytes(values)).sound & values.is_valid().to_numpy(zero_copy_only=False)
    return pc.if_else(pa.array(odd), pa.scalar(None, values.type), values).cast(pa.string()), odd
