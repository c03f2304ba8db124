"""Raw text tables with TAB between fields: nothing interpreted, nothing dropped silently."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from storage.errors import InputError
from tasks.ingest.text import is_unicode


@dataclass(frozen=True)
class TableRow:
    """One row: the number of its (last) line in the file, counted from 1, and its fields or what is wrong with it."""

    line: int
    fields: tuple[str, ...]
    problem: Literal["", "invalid UTF-8", "malformed row"] = ""
    detail: str = ""


def read_rows(path: Path, columns: tuple[str, ...], quotes: Literal["raw", "csv"] = "raw") -> Iterator[TableRow]:
    """The rows of a TAB table with a header, each with the values of `columns`, in that order.

    `quotes="raw"`: a row is a line, which ends at LF (a CR before it is dropped), and fields are what stands between
    TABs: quotes, `NA`, spaces and every other character stay as they are. `quotes="csv"`: a quoted field may hold
    TABs, doubled quotes and line breaks (RFC 4180).
    A row with bytes that are not UTF-8, or with another number of fields than the header, is yielded with its
    problem. A missing column raises `InputError`.
    """
    parsed = _raw_lines(path) if quotes == "raw" else _csv_lines(path)
    header = next(parsed, (1, [""]))[1]
    header[0] = header[0].removeprefix("\ufeff")
    absent = [name for name in columns if name not in header]
    if absent:
        raise InputError(
            f"the table {path} has the columns {_shown(header)} but no column {absent[0]!r}: "
            f"its first line must be a header of TAB-separated names with {' and '.join(columns)}"
        )
    positions = [header.index(name) for name in columns]
    for line, fields in parsed:
        if any(not is_unicode(field) for field in fields):
            yield TableRow(line, (), "invalid UTF-8", f"line {line} holds bytes that are not UTF-8")
        elif len(fields) != len(header):
            yield TableRow(line, (), "malformed row", f"line {line} has {len(fields)} fields, not {len(header)}")
        else:
            yield TableRow(line, tuple(fields[position] for position in positions))


def count_lines(path: Path) -> int:
    """Lines after the header: the number of rows of a raw table, an upper bound for one with quoted line breaks."""
    with path.open("rb") as file:
        return max(0, sum(1 for _ in file) - 1)


def _raw_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            content = line.removesuffix(b"\n").removesuffix(b"\r")
            yield number, content.decode("utf-8", "surrogateescape").split("\t")


def _csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open("r", encoding="utf-8", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter="\t")
        try:
            for fields in reader:
                yield reader.line_num, fields
        except csv.Error as error:
            raise InputError(
                f"the table {path} cannot be read as quoted CSV at line {reader.line_num} ({error}): "
                "correct the line, or set quotes to raw"
            ) from None


def _shown(header: list[str]) -> str:
    return ", ".join(repr(name[:40]) for name in header[:8])
