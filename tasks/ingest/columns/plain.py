"""Arrow's many ways to hold the same values, made few: what pandas, polars and others write is read as one."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


def plain(values: pa.Array) -> pa.Array:
    """The same values as large strings, large binaries, large lists, structs of those, numbers, or nulls.

    Dictionaries, run ends, views, fixed sizes and extension types are undone; a list of bytes as numbers (uint8) is a
    byte string. Numbers stay as they are.
    """
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(values.storage)
    if pa.types.is_dictionary(kind):
        return plain(values.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(values))
    if any(test(kind) for test in _TEXTS):
        return values.cast(pa.large_string())
    if any(test(kind) for test in _BYTES):
        return values.cast(pa.large_binary())
    if any(test(kind) for test in _LISTS):
        return _list(values)
    if pa.types.is_struct(kind):
        parts = [plain(part) for part in values.flatten()]  # a null of the whole is one of every part
        mask = None if values.null_count == 0 else pc.is_null(values)
        return pa.StructArray.from_arrays(parts, names=[part.name for part in kind], mask=mask)
    return values


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type that `plain` makes of a type. Raises `pa.ArrowException` for one that Arrow cannot convert."""
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    return plain(pa.nulls(0, kind)).type


def _list(values: pa.Array) -> pa.Array:
    """A list of any kind by its items and lengths (Arrow 26 casts list views with nulls to wrong offsets)."""
    items = values.flatten()
    offsets = np.zeros(len(values) + 1, np.int64)
    np.cumsum(pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False), out=offsets[1:])
    missing = None if values.null_count == 0 else pc.is_null(values)
    if pa.types.is_uint8(items.type):
        data = np.ascontiguousarray(items.fill_null(0).to_numpy())
        valid = None if missing is None else pc.invert(missing).buffers()[1]
        return pa.Array.from_buffers(pa.large_binary(), len(values), [valid, pa.py_buffer(offsets), pa.py_buffer(data)])
    return pa.LargeListArray.from_arrays(pa.array(offsets), plain(items), mask=missing)
