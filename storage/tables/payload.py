"""How many bytes each row of a table carries, whatever batches it came in."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
_LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)


def payload(table: pa.Table) -> np.ndarray:
    """Bytes of values in each row, int64 `[n]`: text and binary by length, lists by their items, nulls as nothing.

    Arrow's own `nbytes` counts buffers, which depend on how a table was cut; this depends on the values alone.
    """
    total = np.zeros(table.num_rows, dtype=np.int64)
    for column in table.columns:
        start = 0
        for chunk in column.chunks:
            total[start : start + len(chunk)] += _bytes(chunk)
            start += len(chunk)
    return total


def _bytes(values: pa.Array) -> np.ndarray:
    kind = values.type
    if pa.types.is_struct(kind):
        return sum((_bytes(child) for child in values.flatten()), np.zeros(len(values), dtype=np.int64))
    if any(is_kind(kind) for is_kind in _TEXT):
        return 4 + _integers(pc.binary_length(values))
    if any(is_kind(kind) for is_kind in _LISTS):
        lengths = _integers(pc.list_value_length(values))
        if width := _width(kind.value_type):
            return 4 + lengths * width
        before = np.concatenate([[0], np.cumsum(_bytes(values.flatten()))])
        ends = np.cumsum(lengths)
        return 4 + before[ends] - before[ends - lengths]
    return np.full(len(values), _width(kind) or 8, dtype=np.int64)


def _width(kind: pa.DataType) -> int | None:
    """Bytes of one value of a type whose values are all of a size."""
    if pa.types.is_nested(kind):
        return None
    try:
        return max(1, kind.bit_width // 8)
    except ValueError:
        return None


def _integers(values: pa.Array) -> np.ndarray:
    whole = pc.fill_null(values, 0) if values.null_count else values
    return whole.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
