"""A Parquet file of which the configuration names the columns: opened, checked, and named."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import open_binary
from tasks.ingest.columns.cells import is_bytes, is_list, is_number, is_text
from tasks.ingest.pictures.paths import require_file
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig


def open_parquet(path: Place, config: HuggingFaceParquetConfig) -> pq.ParquetFile:
    """An open file whose columns are those that the configuration names, each of a type that can be read."""
    require_file(path, f"Parquet file of the source {config.name!r}")
    try:
        file = pq.ParquetFile(path if isinstance(path, Path) else open_binary(path))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({str(error).splitlines()[0][:120]})") from None
    schema = file.schema_arrow
    require_numbers(schema, config.scores, str(path))
    for option, column in named_columns(config).items():
        if column not in schema.names:
            raise InputError(
                f"{path} has no column {column!r}, which {option}_column names: it has {', '.join(schema.names[:20])}"
            )
        if not _readable(option, schema.field(column).type):
            raise InputError(
                f"the column {column!r} of {path} is {schema.field(column).type}: "
                f"{option}_column must name {EXPECTED[option]}"
            )
    return file


def require_numbers(schema: pa.Schema, scores: Sequence[str], where: str) -> None:
    """`InputError` unless every score is a column of numbers, or of true and false."""
    for name in scores:
        if name not in schema.names:
            raise InputError(
                f"{where} has no column {name!r}, which scores names: it has {', '.join(schema.names[:20])}"
            )
        kind = schema.field(name).type
        if not is_number(kind):
            raise InputError(f"the column {name!r} of {where} is {kind}: scores must name columns of numbers")


EXPECTED = {
    "caption": "texts, or lists of texts",
    "image": "structs of bytes and path, or bytes, or paths",
    "label": "integers",
    "key": "texts or integers",
}


def class_names(file: pq.ParquetFile, label_column: str | None) -> tuple[str, ...]:
    """The names of the labels as the file's metadata gives them: Hugging Face `ClassLabel`, or a list `classes`."""
    metadata = file.schema_arrow.metadata or {}
    try:
        if b"classes" in metadata:
            names = json.loads(metadata[b"classes"])
        else:
            names = json.loads(metadata[b"huggingface"])["info"]["features"][label_column]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return ()
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def named_columns(config: HuggingFaceParquetConfig) -> dict[str, str]:
    """The columns that the configuration names, by what they hold: caption, image, label, key."""
    named = {
        "caption": config.caption_column,
        "image": config.image_column,
        "label": config.label_column,
        "key": config.key_column,
    }
    return {option: column for option, column in named.items() if column is not None}


def _readable(option: str, kind: pa.DataType) -> bool:
    if option == "caption":
        return is_text(kind) or (is_list(kind) and is_text(kind.value_type))
    if option == "image":
        return is_text(kind) or is_bytes(kind) or (pa.types.is_struct(kind) and _is_image_struct(kind))
    return pa.types.is_integer(kind) or (option == "key" and is_text(kind))


def _is_image_struct(kind: pa.StructType) -> bool:
    fields = {field.name: field.type for field in kind}
    return is_bytes(fields.get("bytes", pa.null())) and is_text(fields.get("path", pa.string()))
