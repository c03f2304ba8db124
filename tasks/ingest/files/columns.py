"""Arrow columns as Python values, with text that may not be UTF-8: writers do not always check what readers trust."""

import pyarrow as pa
import pyarrow.compute as pc

ImageValue = tuple[bytes | None, str | None]
"""An image cell: its bytes and its path, either of which may be absent."""


def is_text(kind: pa.DataType) -> bool:
    """Whether values are texts."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_list(kind: pa.DataType) -> bool:
    """Whether values are lists."""
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def is_bytes(kind: pa.DataType) -> bool:
    """Whether values are byte strings."""
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def text_values(column: pa.Array) -> list[str | None]:
    """Texts, in which bytes that are not UTF-8 have become lone surrogates (Python's `surrogateescape`)."""
    raw = pc.cast(column, pa.large_binary()).to_pylist()
    return [None if value is None else value.decode("utf-8", "surrogateescape") for value in raw]


def caption_values(column: pa.Array) -> list[list[str | None] | str | None]:
    """Captions: a text a row, or a list of texts a row."""
    if not is_list(column.type):
        return list(text_values(column))
    lists: list[list[str | None] | str | None] = []
    for cell in column:
        lists.append(None if not cell.is_valid else text_values(cell.values))
    return lists


def image_values(column: pa.Array) -> list[ImageValue]:
    """Image cells from structs of bytes and path, from bytes, or from paths."""
    if is_text(column.type):
        return [(None, path) for path in text_values(column)]
    if is_bytes(column.type):
        return [(content, None) for content in column.to_pylist()]
    fields = dict(zip([field.name for field in column.type], column.flatten(), strict=True))  # parent nulls pass down
    paths = text_values(fields["path"]) if "path" in fields else [None] * len(column)
    return list(zip(fields["bytes"].to_pylist(), paths, strict=True))


def key_values(column: pa.Array) -> list[str | None]:
    """Keys as texts, from texts or integers."""
    if is_text(column.type):
        return text_values(column)
    return [None if value is None else str(value) for value in column.to_pylist()]
