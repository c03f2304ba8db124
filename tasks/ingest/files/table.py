"""Raw text tables with TAB between fields: nothing interpreted, nothing dropped silently."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import open_binary
from tasks.arrays import Int64s
from tasks.compiled import compiled
from tasks.ingest.columns.buffers import Bytes, from_buffers, pieces
from tasks.ingest.columns.characters import characters
from tasks.ingest.text import is_unicode

BYTES_PER_BLOCK = 8 << 20
ROWS_PER_BLOCK = 1 << 14
"""Of quoted tables, which Python's `csv` reads."""

Problem = tuple[Literal["invalid UTF-8", "malformed row"], str]


@dataclass(frozen=True)
class TableBlock:
    """Some consecutive rows.

    Attributes:
        lines: the number of each row's (last) line in the file, counted from 1, `[n]`.
        columns: the fields asked for, each `[n]`, UTF-8; empty texts where there is a problem.
        problems: what is wrong with rows that have no fields, and the detail, by place.
    """

    lines: Int64s
    columns: tuple[pa.LargeBinaryArray, ...]
    problems: dict[int, Problem]

    def part(self, start: int, stop: int) -> "TableBlock":
        """The rows from place `start` up to `stop`."""
        inside = {place - start: problem for place, problem in self.problems.items() if start <= place < stop}
        return TableBlock(self.lines[start:stop], tuple(column[start:stop] for column in self.columns), inside)


def read_blocks(path: Place, columns: tuple[str, ...], quotes: Literal["raw", "csv"] = "raw") -> Iterator[TableBlock]:
    """The rows of a TAB table with a header, each with the values of `columns`, in that order.

    `quotes="raw"`: a row is a line, which ends at LF (a CR before it is dropped), and fields are what stands between
    TABs: quotes, `NA`, spaces and every other character stay as they are. `quotes="csv"`: a quoted field may hold
    TABs, doubled quotes and line breaks (RFC 4180).
    A row with bytes that are not UTF-8, or with another number of fields than the header, is given with its
    problem. A missing column raises `InputError`.
    """
    return _raw_blocks(path, columns) if quotes == "raw" else _csv_blocks(path, columns)


def _raw_blocks(path: Place, columns: tuple[str, ...]) -> Iterator[TableBlock]:
    with open_binary(path) as file:
        first = file.readline().removesuffix(b"\n").removesuffix(b"\r")
        header = first.decode("utf-8", "surrogateescape").split("\t")
        positions, line, rest = np.array(_positions(path, header, columns), np.int64), 2, b""
        while read := file.read(BYTES_PER_BLOCK):
            cut = read.rfind(b"\n") + 1
            if cut:
                yield (block := _raw_block(rest + read[:cut], positions, len(header), line))
                line, rest = line + len(block.lines), read[cut:]
            else:
                rest += read
        if rest:
            yield _raw_block(rest, positions, len(header), line)


def _raw_block(content: bytes, positions: Int64s, width: int, line: int) -> TableBlock:
    """Whole lines, of which the first is line `line` of the file."""
    data = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(data == ord("\n")) + 1
    offsets = np.concatenate([[0], ends, [] if len(ends) and ends[-1] == len(data) else [len(data)]]).astype(np.int64)
    rows = len(offsets) - 1
    spans, fields = np.zeros((2, len(positions), rows), np.int64), np.empty(rows, np.int64)
    _split(data, offsets, positions, spans, fields)
    sound = characters(from_buffers(data, offsets)).sound
    problems: dict[int, Problem] = {}
    for place in np.flatnonzero(~sound | (fields != width)).tolist():
        spans[:, :, place] = 0
        problems[place] = _problem(line + place, bool(sound[place]), int(fields[place]), width)
    texts = tuple(pieces(data, *spans[:, column]) for column in range(len(positions)))
    return TableBlock(np.arange(line, line + rows), texts, problems)


def _problem(line: int, sound: bool, fields: int, width: int) -> Problem:
    if not sound:
        return "invalid UTF-8", f"line {line} holds bytes that are not UTF-8"
    return "malformed row", f"line {line} has {fields} fields, not {width}"


@compiled
def _split(data: Bytes, offsets: Int64s, positions: Int64s, spans: Int64s, fields: Int64s) -> None:
    """`spans [2, k, n]`: where the `k` fields at `positions` start and stop in each line; `fields [n]`: how many."""
    for row in range(len(fields)):
        first, stop = offsets[row], offsets[row + 1]
        if stop > first and data[stop - 1] == 10:
            stop -= 1
        if stop > first and data[stop - 1] == 13:
            stop -= 1
        number = 0
        for at in range(first, stop + 1):
            if at == stop or data[at] == 9:
                for column in range(len(positions)):
                    if positions[column] == number:
                        spans[0, column, row], spans[1, column, row] = first, at
                number += 1
                first = at + 1
        fields[row] = number


def _csv_blocks(path: Place, columns: tuple[str, ...]) -> Iterator[TableBlock]:
    rows = _csv_rows(path)
    header = next(rows, (1, [""]))[1]
    positions = _positions(path, header, columns)
    while found := list(islice(rows, ROWS_PER_BLOCK)):
        problems: dict[int, Problem] = {}
        for place, (line, fields) in enumerate(found):
            sound = all(map(is_unicode, fields))
            if not sound or len(fields) != len(header):
                problems[place] = _problem(line, sound, len(fields), len(header))
        texts = (
            pa.array(
                [b"" if place in problems else fields[at].encode() for place, (_, fields) in enumerate(found)],
                pa.large_binary(),
            )
            for at in positions
        )
        yield TableBlock(np.array([line for line, _ in found], np.int64), tuple(texts), problems)


def _csv_rows(path: Place) -> Iterator[tuple[int, list[str]]]:
    with io.TextIOWrapper(open_binary(path), "utf-8", "surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter="\t")
        try:
            for fields in reader:
                yield reader.line_num, fields
        except csv.Error as error:
            raise InputError(
                f"the table {path} cannot be read as quoted CSV at line {reader.line_num} ({error}): "
                "correct the line, or set quotes to raw"
            ) from None


def _positions(path: Place, header: list[str], columns: tuple[str, ...]) -> list[int]:
    """Where the columns stand in the header, whose byte order mark is passed over."""
    names = [header[0].removeprefix("\ufeff"), *header[1:]] if header else [""]
    absent = [name for name in columns if name not in names]
    if absent:
        shown = ", ".join(repr(name[:40]) for name in names[:8])
        raise InputError(
            f"the table {path} has the columns {shown} but no column {absent[0]!r}: "
            f"its first line must be a header of TAB-separated names with {' and '.join(columns)}"
        )
    return [names.index(name) for name in columns]
