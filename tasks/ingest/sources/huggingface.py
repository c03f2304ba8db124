"""Parquet files in Hugging Face's convention: one image column, captions, and perhaps labels and keys."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from tasks.ingest.acceptance import accept
from tasks.ingest.config import Group, HuggingFaceParquetConfig
from tasks.ingest.images import ImageFolder, LoadedImage, Unusable, inspect_image
from tasks.ingest.paths import require_file, require_folder
from tasks.ingest.rows import Pair, Rejection, is_unicode
from tasks.ingest.sources.columns import (
    ImageValue,
    caption_values,
    image_values,
    is_bytes,
    is_list,
    is_text,
    key_values,
)

ROWS_PER_READ = 256


def read_huggingface_parquet(
    config: HuggingFaceParquetConfig, group: Group, files: tuple[Path, ...], image_folder: Path | None
) -> Iterator[Pair | Rejection]:
    """The group's rows, in order: `files` are the paths of `group.files`; slices count rows over all of them.

    A row's key is its `key_column`, or `<file>:<row>`; a list of captions makes one pair each, with `#0`, `#1`, …
    after the key. Duplicate keys are found within the group's files. Errors: `InputError` for a file that is missing
    or not Parquet, and for columns that are absent or of the wrong type.
    """
    images = None
    if image_folder is not None:
        images = ImageFolder(require_folder(image_folder, f"image folder of the source {config.name!r}"), config)
    opened = [(name, open_parquet(path, config)) for name, path in zip(group.files, files, strict=True)]
    wanted = group.rows(sum(file.metadata.num_rows for _, file in opened))
    seen: set[str] = set()
    first = 0
    for name, file in opened:
        for row, record in _records(file, config, wanted, first):
            key = f"{name}:{row}" if config.key_column is None else record.key
            where = f"{name} row {row}"
            if key is None or not is_unicode(key):
                if first + row >= wanted.start:
                    fault = "null" if key is None else "not UTF-8"
                    yield Rejection(where, "malformed row", f"{where}: the key in {config.key_column!r} is {fault}")
                continue
            repeated = key in seen
            if config.key_column is not None:
                seen.add(key)
            if first + row < wanted.start:
                continue  # read for its key alone
            if repeated:
                yield Rejection(key, "duplicate key", f"{where} repeats the key of an earlier row")
                continue
            yield from _pairs(key, record, config, images, where)
        first += file.metadata.num_rows


def open_parquet(path: Path, config: HuggingFaceParquetConfig) -> pq.ParquetFile:
    """An open file whose columns are those that the configuration names, each of a type that can be read."""
    require_file(path, f"Parquet file of the source {config.name!r}")
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({str(error).splitlines()[0][:120]})") from None
    schema = file.schema_arrow
    for option, column in _columns(config).items():
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


def _columns(config: HuggingFaceParquetConfig) -> dict[str, str]:
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


@dataclass(frozen=True)
class _Record:
    """The values of one row; what is not configured, or not needed, is empty."""

    key: str | None = None
    captions: list[str | None] | str | None = None
    image: ImageValue = (None, None)
    label: int | None = None


def _records(
    file: pq.ParquetFile, config: HuggingFaceParquetConfig, wanted: range, first: int
) -> Iterator[tuple[int, _Record]]:
    """(row in the file, values) of the row groups that meet `wanted`; of earlier ones only the keys."""
    columns = _columns(config)
    row = 0
    for index in range(file.num_row_groups):
        rows = file.metadata.row_group(index).num_rows
        begin, end = first + row, first + row + rows
        before = end <= wanted.start
        if begin < wanted.stop and not (before and config.key_column is None):
            needed = {option: name for option, name in columns.items() if option == "key" or not before}
            number = row
            for batch in _read(file, index, list(dict.fromkeys(needed.values())), config):
                for record in _values(batch, needed):
                    if first + number < wanted.stop:
                        yield number, record
                    number += 1
        row += rows


def _read(
    file: pq.ParquetFile, row_group: int, columns: list[str], config: HuggingFaceParquetConfig
) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(ROWS_PER_READ, row_groups=[row_group], columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"row group {row_group} of a Parquet file of {config.name!r} cannot be read "
            f"({str(error).splitlines()[0][:120]}): fetch or write the file anew"
        ) from None


def _values(batch: pa.RecordBatch, columns: Mapping[str, str]) -> Iterator[_Record]:
    arrays = {option: batch.column(name) for option, name in columns.items()}
    nothing = [None] * batch.num_rows
    keys = key_values(arrays["key"]) if "key" in arrays else nothing
    captions = caption_values(arrays["caption"]) if "caption" in arrays else nothing
    images = image_values(arrays["image"]) if "image" in arrays else [(None, None)] * batch.num_rows
    labels = arrays["label"].to_pylist() if "label" in arrays else nothing
    for values in zip(keys, captions, images, labels, strict=True):
        yield _Record(*values)


def _pairs(
    key: str, record: _Record, config: HuggingFaceParquetConfig, images: ImageFolder | None, where: str
) -> Iterator[Pair | Rejection]:
    loaded: list[LoadedImage | Unusable | None] = []  # looked at once for all captions of the row

    def image() -> LoadedImage | Unusable | None:
        if not loaded:
            loaded.append(None if config.image_column is None else _image(record.image, config, images))
        return loaded[0]

    captioned = config.caption_column is not None
    several = isinstance(record.captions, list)
    texts = record.captions if isinstance(record.captions, list) else [record.captions]
    if not texts:
        yield Rejection(key, "empty caption", f"{where}: an empty list of captions")
    for number, text in enumerate(texts):
        own_key = f"{key}#{number}" if several else key
        yield accept(own_key, text, config, image=image, label=record.label, where=where, captioned=captioned)


def _image(value: ImageValue, config: HuggingFaceParquetConfig, images: ImageFolder | None) -> LoadedImage | Unusable:
    content, path = value
    if content is not None:
        problem = inspect_image(content, config)
        return LoadedImage(content, path) if problem is None else problem
    if path is None:
        return Unusable("missing image", "neither bytes nor a path")
    if images is None:
        return Unusable("missing image", f"{path}: no bytes, and the source names no folder of images")
    return images.load(path)
