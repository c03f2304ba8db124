"""Arrow's types as ingest tells them apart, and keys as texts."""

import pyarrow as pa


def is_text(kind: pa.DataType) -> bool:
    """Whether values are texts."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_list(kind: pa.DataType) -> bool:
    """Whether values are lists."""
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def is_number(kind: pa.DataType) -> bool:
    """Whether values are numbers of any kind, or true and false."""
    return any(
        test(kind) for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    )


def is_bytes(kind: pa.DataType) -> bool:
    """Whether values are byte strings."""
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def can_be_kept(kind: pa.DataType) -> bool:
    """Whether values are single: texts, numbers, true and false, times; no lists, structs or bytes."""
    return is_text(kind) or pa.types.is_null(kind) or (pa.types.is_primitive(kind) or pa.types.is_decimal(kind))


def as_bytes(values: pa.Array) -> pa.LargeBinaryArray:
    """Texts or byte strings of any width of offsets; nothing is asked of the bytes."""
    return values.cast(pa.large_binary())


def keys_of(column: pa.Array) -> pa.LargeBinaryArray:
    """Keys as texts, from texts or integers; the bytes of a text are not looked at."""
    return as_bytes(column.cast(pa.large_string()) if pa.types.is_integer(column.type) else column)
