"""A Parquet file as a shard of a table: opened, its columns checked, its rows read a part at a time."""

import json
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import open_binary
from storage.tables.schemas import KEPT, SCORES
from tasks.ingest.pictures.paths import require_file
from tasks.ingest.tables.columns import Columns, require_columns
from tasks.ingest.tables.forms.parquet_parts import parts
from tasks.ingest.tables.shard import Rows


def open_parquet(path: Place, source: str, columns: Columns) -> pq.ParquetFile:
    """An open file in which all of the columns are, each of a type that can be read. Raises `InputError`."""
    require_file(path, f"Parquet file of the source {source!r}")
    try:
        file = pq.ParquetFile(open_binary(path))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of names that are none
        raise InputError(f"{path} is not a readable Parquet file ({str(error).splitlines()[0][:120]})") from None
    try:
        require_columns(unfolded(file.schema_arrow), columns, str(path))
    except UnicodeDecodeError:
        raise InputError(f"{path} has a column whose name is not UTF-8: write the file anew") from None
    return file


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


def unfolded(schema: pa.Schema) -> pa.Schema:
    """A schema with the fields of our own structs as columns, where it has no columns of those names."""
    for within, names in _inner(schema).items():
        for name in names:
            schema = schema.append(pa.field(name, schema.field(within).type.field(name).type))
    return schema


def _inner(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    """The names in `scores` and `kept` of what was curated here, which are no columns of their own."""
    found: dict[str, tuple[str, ...]] = {}
    known = set(schema.names)
    for within in (SCORES, KEPT):
        kind = schema.field(within).type if schema.names.count(within) == 1 else pa.null()
        if pa.types.is_struct(kind):
            found[within] = tuple(part.name for part in kind if part.name not in known)
            known |= set(found[within])
    return found


class ParquetShard:
    """One Parquet file; see `shard.Shard`."""

    def __init__(self, name: str, path: Place, source: str, columns: Columns) -> None:
        self.name = name
        self._path, self._source, self._columns = path, source, columns

    @cached_property
    def _file(self) -> pq.ParquetFile:
        return open_parquet(self._path, self._source, self._columns)

    def places(self) -> int:
        """Its rows."""
        return int(self._file.metadata.num_rows)

    def read(self, columns: Columns, wanted: range) -> Iterator[Rows]:
        """The wanted rows, a part of a row group at a time."""
        inside = {name: within for within, names in _inner(self._file.schema_arrow).items() for name in names}
        named = [f"{inside[name]}.{name}" if name in inside else name for name in columns.all]
        for first, batch in parts(self._file, self._source, named, wanted):
            numbers = np.arange(first, first + batch.num_rows)
            held = dict(zip(batch.schema.names, batch.columns, strict=True))
            for name in columns.all:
                if name in inside:
                    held[name] = pc.struct_field(held[inside[name]], name)
            yield Rows(numbers, held, lambda place, first=first: f"{self.name} row {first + place}")  # type: ignore[misc]
