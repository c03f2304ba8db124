"""Texts as bytes and offsets, for compiled loops, and back."""

import numpy as np
import pyarrow as pa

from tasks.arrays import Int64s, Pixels
from tasks.compiled import compiled

Bytes = Pixels
"""Bytes of texts, uint8."""


def buffers(values: pa.LargeBinaryArray) -> tuple[Bytes, Int64s]:
    """The bytes, and the offsets `[n + 1]` among them; shared, not copied. A null has a place, of any length."""
    _, offsets, data = values.buffers()
    if len(values) == 0 or offsets is None:
        return np.frombuffer(b"", np.uint8), np.frombuffer(bytes(8), np.int64)
    rows = np.frombuffer(offsets, np.int64, len(values) + 1, 8 * values.offset)
    return np.frombuffer(data if data is not None else b"", np.uint8), rows


def from_buffers(data: Bytes, offsets: Int64s, missing: np.ndarray | None = None) -> pa.LargeBinaryArray:
    """The inverse of `buffers`; `missing [n]`, bool, says which are null."""
    mask = None if missing is None or not missing.any() else pa.array(~missing).buffers()[1]
    return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, [mask, pa.py_buffer(offsets), pa.py_buffer(data)])


def pieces(data: Bytes, starts: Int64s, stops: Int64s) -> pa.LargeBinaryArray:
    """The byte strings `data[starts[i] : stops[i]]`, `[n]`."""
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(stops - starts, out=offsets[1:])
    copied = np.empty(int(offsets[-1]), np.uint8)
    _copy(data, starts, offsets, copied)
    return from_buffers(copied, offsets)


@compiled
def _copy(data: Bytes, starts: Int64s, offsets: Int64s, out: Bytes) -> None:
    for row in range(len(starts)):
        start, first = (
            np.uint64(starts[row]),
            np.uint64(offsets[row]),
        )  # unsigned: numba asks of others if they count back
        for byte in range(np.uint64(offsets[row + 1]) - first):
            out[first + byte] = data[start + byte]
