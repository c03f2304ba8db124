"""The first rows of a table in any format."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import open_binary
from tasks.ingest.columns.plain import plain
from tasks.ingest.files.lines import count_lines, line_blocks
from tasks.ingest.files.table import read_blocks, read_header
from tasks.ingest.pictures.images import SUFFIXES
from tasks.ingest.tables.forms.parquet_parts import parts

ROWS = 200
TEXT_TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Sample:
    """The first rows of a table.

    Attributes:
        rows: how many the table has (of text tables, its lines).
        values: the first values of every column, by name; plain types.
        separator: of a text table.
        header: whether its first line names the columns; else they are called `column_1` and so on.
        undecodable: how many of the first rows hold bytes that are not UTF-8, and will be refused.
    """

    rows: int
    values: Mapping[str, pa.Array]
    separator: str | None = None
    header: bool = True
    undecodable: int = 0


def format_of(name: str) -> str | None:
    """`parquet`, `text` or `json` by a file's name, whatever it is compressed with; None for others."""
    path = PurePosixPath(name.lower())
    suffix = PurePosixPath(path.stem).suffix if path.suffix in (".gz", ".zst", ".bz2") else path.suffix
    if suffix == ".parquet":
        return "parquet"
    return "text" if suffix in TEXT_TABLES else "json" if suffix in JSON_LINES else None


def sample(path: Place, form: str) -> Sample:
    """The first rows of a file. Raises `InputError` for one that cannot be read."""
    return {"parquet": _parquet, "text": _text, "json": _json}[form](path)


def _parquet(path: Place) -> Sample:
    try:
        file = pq.ParquetFile(open_binary(path))
        held_names = file.schema_arrow.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of names that are none
        raise InputError(f"{path} is not a readable Parquet file ({str(error).splitlines()[0][:120]})") from None
    names = [name for name in held_names if held_names.count(name) == 1]
    for _, batch in parts(file, str(path), names, range(ROWS)):
        held = dict(zip(batch.schema.names, batch.columns, strict=True))
        return Sample(file.metadata.num_rows, {name: plain(held[name]) for name in names})
    empty = file.schema_arrow.empty_table()
    return Sample(0, {name: plain(empty[name].combine_chunks()) for name in names})


def _text(path: Place) -> Sample:
    header = read_header(path, "csv")
    named = not any(map(_is_a_value, header.names))
    given = () if named else tuple(f"column_{number}" for number in range(1, 1 + len(header.names)))
    if given:
        header = read_header(path, "csv", header.separator, given)
    names = tuple(name for name in dict.fromkeys(header.names) if name and header.names.count(name) == 1)
    rows = max(0, count_lines(path) - header.lines)
    for block in islice(read_blocks(path, names, "csv", header.separator, range(ROWS), given), 1):
        part = [column[:ROWS].view(pa.large_string()) for column in block.columns]
        odd = sum(place < ROWS and problem[0] == "invalid UTF-8" for place, problem in block.problems.items())
        return Sample(rows, dict(zip(names, part, strict=True)), header.separator, named, odd)
    return Sample(0, {name: pa.array([], pa.large_string()) for name in names}, header.separator)


def _is_a_value(name: str) -> bool:
    """Whether what stands in a header is an address or an image's path, as no column is called."""
    return "://" in name or PurePosixPath(name.lower()).suffix in SUFFIXES


def _json(path: Place) -> Sample:
    first = next(line_blocks(path, 1 << 20), b"")
    found: list[dict[str, object]] = []
    for line in islice(io.BytesIO(first), 2 * ROWS):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    if not found:
        raise InputError(f"{path} does not begin with lines of JSON objects")
    names = list(dict.fromkeys(name for row in found for name in row))
    return Sample(count_lines(path), {name: _column([row.get(name) for row in found[:ROWS]]) for name in names})


def _column(values: list[object]) -> pa.Array:
    """Values of one type, or texts of what they are."""
    try:
        return plain(pa.array(values))
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return pa.array([None if value is None else ascii(value) for value in values], pa.large_string())
