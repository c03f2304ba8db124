"""Texts as Arrow buffers: from whatever the caller has, without a Python object per text where it is Arrow already."""

from collections.abc import Iterable, Mapping, Set
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from tasks.arrays import Bytes, Int64s
from tasks.matching.machine.intrinsics import LOOK_AHEAD


@runtime_checkable
class HasArrow(Protocol):
    """What can say itself in Arrow, as a polars Series does."""

    def to_arrow(self) -> pa.Array | pa.ChunkedArray | pa.Table:
        """The same as an Arrow column, or as a table."""


Texts: TypeAlias = pa.Array | pa.ChunkedArray | HasArrow | Iterable[str | None]
"""A column of texts, in any of the shapes that people have one."""


def as_texts(texts: Texts, what: str) -> pa.ChunkedArray:
    """Any column of texts as large_binary chunks of UTF-8; nulls stay nulls.

    Takes an Arrow array of strings or binary, a polars Series, a numpy array, or an iterable of `str` and None. Bytes
    that are not UTF-8 are kept as they are. Raises `InputError`, naming `what` and the row, for anything that is not
    text.
    """
    if isinstance(texts, HasArrow):
        texts = texts.to_arrow()
    if isinstance(texts, pa.Table | pa.RecordBatch):
        raise InputError(f"{what} must be one column of texts, not a table; choose the column")
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        texts = _from_python(texts, what)
    column = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_null(column.type):
        column = column.cast(pa.large_string())
    if not _is_text(column.type):
        raise InputError(f"{what} must be texts, not Arrow {column.type}; cast the column to string")
    return column.cast(pa.large_binary())


def require_texts(texts: pa.LargeBinaryArray, what: str) -> None:
    """Raises `InputError`, naming the row, at a null and at bytes that are not UTF-8."""
    if texts.null_count:
        row = pc.index(texts.is_null(), True).as_py()
        raise InputError(f"{what}, row {row}: null is not a text; remove it")
    try:
        texts.cast(pa.large_string())
    except pa.ArrowInvalid:
        row = next(row for row, text in enumerate(texts) if not is_utf8(text.as_py()))
        shown = texts[row].as_py()
        raise InputError(f"{what}, row {row}: {shown!r:.60} is not UTF-8; convert or remove it") from None


def buffers(texts: pa.LargeBinaryArray) -> tuple[Bytes, Int64s]:
    """The bytes (uint8) and offsets (int64 `[n + 1]`) of an array without nulls; shared, not copied."""
    _, offsets, values = texts.buffers()
    if len(texts) == 0 or offsets is None:
        return np.frombuffer(b"", dtype=np.uint8), np.frombuffer(bytes(8), dtype=np.int64)
    rows = np.frombuffer(offsets, dtype=np.int64, count=len(texts) + 1, offset=8 * texts.offset)
    return np.frombuffer(values if values is not None else b"", dtype=np.uint8), rows


def padded_buffers(texts: pa.LargeBinaryArray) -> tuple[Bytes, Int64s]:
    """As `buffers`, with `LOOK_AHEAD` readable bytes behind the last text; copied only if there are not that many."""
    values, offsets = buffers(texts)
    if values.size >= offsets[-1] + LOOK_AHEAD:
        return values, offsets
    padding = np.zeros(LOOK_AHEAD, dtype=np.uint8)
    copy = np.concatenate([values[offsets[0] : offsets[-1]], padding])
    moved = offsets - offsets[0]
    # Read only, as Arrow's own buffers are: numba compiles anew for arrays that could be written.
    copy.flags.writeable = moved.flags.writeable = False
    return copy, moved


def from_buffers(values: Bytes, offsets: Int64s) -> pa.LargeBinaryArray:
    """The inverse of `buffers`."""
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(values)]
    )


def _is_text(kind: pa.DataType) -> bool:
    checks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
              pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)  # fmt: skip
    return any(check(kind) for check in checks)


def _from_python(texts: Iterable[str | None], what: str) -> pa.Array:
    if isinstance(texts, str | bytes):
        raise InputError(f"{what} must be a sequence of texts, not one text; put it into a list")
    if isinstance(texts, Set | Mapping) or not isinstance(texts, Iterable):
        raise InputError(f"{what} must be texts in an order, not {type(texts).__name__}; make a list of them")
    if isinstance(texts, np.ndarray) and texts.ndim != 1:
        raise InputError(f"{what} must be one column of texts, not an array of shape {texts.shape}")
    rows = list(texts)
    try:
        return pa.array(rows, pa.large_string())
    except (pa.ArrowException, UnicodeError, TypeError):
        row = next(row for row, text in enumerate(rows) if not _storable(text))
        raise InputError(
            f"{what}, row {row}: {rows[row]!r:.60} is not a text that UTF-8 can hold; remove or repair it"
        ) from None


def _storable(text: object) -> bool:
    try:
        return text is None or (isinstance(text, str) and text.encode() is not None)
    except UnicodeEncodeError:
        return False


def is_utf8(text: bytes) -> bool:
    """Whether bytes are valid UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
