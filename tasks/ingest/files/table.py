"""Text tables: a header, and rows of fields between separators. Nothing is interpreted, nothing dropped silently."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from storage.places.place import Place
from tasks.arrays import Int64s
from tasks.ingest.columns.buffers import from_buffers
from tasks.ingest.columns.characters import characters
from tasks.ingest.files.fields import BLANK, STRAY, UNCLOSED, Records, field_texts, split_records
from tasks.ingest.files.lines import line_blocks

Problem = tuple[Literal["invalid UTF-8", "malformed row"], str]
Quotes = Literal["raw", "csv"]

SEPARATORS = ("\t", ",", ";", "|")
"""Those that are looked for where none is named; of equally frequent ones the first."""


@dataclass(frozen=True)
class TableBlock:
    """Some consecutive rows.

    Attributes:
        lines: the number of each row's first line in the file, counted from 1, `[n]`.
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


@dataclass(frozen=True)
class Header:
    """A table's first row: the names of its columns, what separates them, and how many lines it takes."""

    names: list[str]
    separator: str
    lines: int


def read_header(path: Place, quotes: Quotes = "raw", separator: str | None = None, names: Sequence[str] = ()) -> Header:
    """The header; `separator=None` takes the most frequent of `SEPARATORS` in the first line.

    names: the columns of a table without a header, whose first line is a row; none: its first line names them.
    """
    return _header(next(line_blocks(path), b""), quotes, separator, names)


def require_header(path: Place, columns: tuple[str, ...], quotes: Quotes, separator: str | None) -> None:
    """`InputError` unless each of the columns is in the header, once."""
    _positions(path, read_header(path, quotes, separator), columns)


def read_blocks(
    path: Place,
    columns: tuple[str, ...],
    quotes: Quotes = "raw",
    separator: str | None = "\t",
    wanted: range | None = None,
    names: Sequence[str] = (),
) -> Iterator[TableBlock]:
    """The rows of a table with a header, each with the values of `columns`, in that order.

    `quotes="raw"`: a row is a line, which ends at LF (a CR before it is dropped), and fields are what stands between
    separators: quotes, `NA`, spaces and every other character stay as they are. `quotes="csv"`: a quoted field may
    hold separators, doubled quotes and line breaks (RFC 4180); a line without anything is no row. A quote that opens
    and never closes, or is followed by more text, spoils its own line and no other; so does a row over several lines
    that has too many or too few fields.

    A row with bytes that are not UTF-8, or with another number of fields than the header, is given with its
    problem. A missing column raises `InputError`.

    Args:
        path: the file; see `lines.line_blocks` for how it may be saved.
        columns: names in the header.
        quotes: as above.
        separator: one character; None: as `read_header` finds it.
        wanted: of the lines after the header, counted from 0, those on which the rows begin; None: all.
        names: as `read_header` takes them.
    """
    blocks = line_blocks(path)
    first = next(blocks, b"")
    header = _header(first, quotes, separator, names)
    positions = _positions(path, header, columns)
    reader = _Reader(positions, len(header.names), ord(header.separator), quotes == "csv")
    start, stop = (0, None) if wanted is None else (wanted.start, wanted.stop)
    line, rest = 1 + header.lines, b""
    block: bytes | None = _after_lines(first, header.lines)
    while block is not None:
        following = next(blocks, None)
        ends = block.count(b"\n") + (block != b"" and not block.endswith(b"\n"))
        if not rest and line - 1 - header.lines + ends <= start and (quotes == "raw" or b'"' not in block):
            line += ends  # nothing of it is wanted, and nothing in it reaches into the next
        else:
            found, line, rest = reader.read(rest + block, line, last=following is None)
            low, high = np.searchsorted(found.lines, [start + 1 + header.lines, (stop or 0) + 1 + header.lines])
            high = len(found.lines) if stop is None else int(high)
            if low < high:
                yield found.part(int(low), high)
        if stop is not None and line - 1 - header.lines >= stop:
            return
        block = following


class _Reader:
    """Makes blocks of rows of blocks of lines."""

    def __init__(self, positions: Int64s, width: int, separator: int, quoted: bool) -> None:
        self._positions, self._width, self._separator, self._quoted = positions, width, separator, quoted

    def read(self, content: bytes, line: int, *, last: bool) -> tuple[TableBlock, int, bytes]:
        """The rows of some whole lines, the first of which is `line`; the line after them; and what is left over.

        What is left begins a quoted field that goes on in the next block.
        """
        data = np.frombuffer(content, np.uint8)
        found = split_records(data, self._positions, self._width, self._separator, quoted=self._quoted, last=last)
        lines = line + found.first_line
        sound = characters(from_buffers(data[: found.offsets[-1]], found.offsets)).sound
        kept = found.status != BLANK
        problems: dict[int, Problem] = {}
        places = np.cumsum(kept) - 1
        odd = kept & (~sound | (found.fields != self._width) | (found.status == STRAY) | (found.status == UNCLOSED))
        for row in np.flatnonzero(odd).tolist():
            problems[int(places[row])] = _problem(found, row, int(lines[row]), bool(sound[row]), self._width)
        texts = tuple(field_texts(data, found, column, kept & ~odd, kept) for column in range(len(self._positions)))
        return TableBlock(lines[kept], texts, problems), line + found.lines, content[int(found.offsets[-1]) :]


def _problem(found: Records, row: int, line: int, sound: bool, width: int) -> Problem:
    if not sound:
        return "invalid UTF-8", f"line {line} holds bytes that are not UTF-8"
    if found.status[row] == UNCLOSED:
        return "malformed row", f"line {line} opens a quote that nothing closes"
    if found.status[row] == STRAY:
        return "malformed row", f"line {line} has text after a closing quote; a quote in a quoted field is doubled"
    return "malformed row", f"line {line} has {found.fields[row]} fields, not {width}"


def _header(first: bytes, quotes: Quotes, separator: str | None, names: Sequence[str]) -> Header:
    line = first.partition(b"\n")[0].removesuffix(b"\r").decode("utf-8", "surrogateescape")
    if separator is None:
        separator = max(SEPARATORS, key=line.count) if any(map(line.count, SEPARATORS)) else ","
    if names:
        return Header(list(names), separator, 0)
    if quotes == "raw" or '"' not in line:
        return Header(line.split(separator), separator, 1)
    reader = csv.reader(io.StringIO(first[: 1 << 20].decode("utf-8", "surrogateescape")), delimiter=separator)
    try:
        found = next(reader, [""])
    except csv.Error:
        return Header(line.split(separator), separator, 1)
    return Header(found, separator, max(1, reader.line_num))


def _after_lines(block: bytes, lines: int) -> bytes:
    at = 0
    for _ in range(lines):
        at = block.find(b"\n", at) + 1
        if not at:
            return b""
    return block[at:]


def _positions(path: Place, header: Header, columns: tuple[str, ...]) -> Int64s:
    """Where the columns stand in the header."""
    names = header.names
    if not header.lines and (absent := [name for name in columns if names.count(name) != 1]):
        raise InputError(f"the header that is given for {path} must name the column {absent[0]!r} once: {names[:8]}")
    for name in columns:
        if names.count(name) != 1:
            shown = ", ".join(repr(each[:40]) for each in names[:8])
            fault = f"no column {name!r}" if name not in names else f"{names.count(name)} columns {name!r}"
            between = {"\t": "TAB", ",": "comma", ";": "semicolon"}.get(header.separator, repr(header.separator))
            raise InputError(
                f"the table {path} has the columns {shown} but {fault}: "
                f"its first line must be a header of {between}-separated names with {' and '.join(columns)}; where it "
                "has none, `header` names the columns"
            )
    return np.array([names.index(name) for name in columns], np.int64)
