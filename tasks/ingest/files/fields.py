"""Rows and fields of a text table, found in compiled code; where quotes go astray only their own line is lost."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tasks.arrays import Bools, Int64s
from tasks.compiled import Integer, compiled
from tasks.ingest.columns.buffers import Bytes, from_buffers

LONGEST_FIELD = 16 << 20
"""Bytes after which a quote that was opened counts as one that nothing closes."""

SOUND, BLANK, STRAY, UNCLOSED, _MORE = 0, 1, 2, 3, 4
_QUOTE, _LF, _CR = 34, 10, 13


class Records(NamedTuple):
    """The rows of some text, `[n]`.

    Attributes:
        offsets: where each row begins, and where the last one ends, `[n + 1]`.
        first_line: of each row, counted from 0.
        status: SOUND, BLANK, STRAY or UNCLOSED.
        fields: how many there are.
        spans: `[2, k, n]`, where the `k` fields that were asked for start and stop, without their quotes.
        doubled: `[k, n]`, whether a field holds doubled quotes.
        lines: how many lines all rows take.
    """

    offsets: Int64s
    first_line: Int64s
    status: Int64s
    fields: Int64s
    spans: Int64s
    doubled: Bools
    lines: int


def split_records(data: Bytes, positions: Int64s, width: int, separator: int, *, quoted: bool, last: bool) -> Records:
    """The rows of some whole lines.

    Args:
        data: the lines.
        positions: which fields are wanted, `[k]`.
        width: fields that a row should have.
        separator: the byte between fields.
        quoted: whether fields may be quoted (RFC 4180).
        last: whether the text ends here; if not, a quoted field that is open at the end is left for more.
    """
    most = int(np.count_nonzero(data == _LF)) + 1
    found = Records(
        np.zeros(most + 1, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros((2, len(positions), most), np.int64),
        np.zeros((len(positions), most), np.bool_),
        0,
    )
    rows, lines = _records(data, positions, width, separator, quoted, last, found)
    return Records(
        found.offsets[: rows + 1],
        found.first_line[:rows],
        found.status[:rows],
        found.fields[:rows],
        found.spans[:, :, :rows],
        found.doubled[:, :rows],
        lines,
    )


def field_texts(data: Bytes, found: Records, column: int, whole: Bools, kept: Bools) -> pa.LargeBinaryArray:
    """One field of every row that is `kept [n]`, doubled quotes undone; empty where a row is not `whole [n]`."""
    starts, stops = (np.where(whole, ends, 0)[kept] for ends in found.spans[:, column])
    doubled = found.doubled[column][kept]
    offsets = np.zeros(len(starts) + 1, np.int64)
    _lengths(data, starts, stops, doubled, offsets)
    np.cumsum(offsets, out=offsets)
    texts = np.empty(int(offsets[-1]), np.uint8)
    _copy(data, starts, stops, doubled, offsets, texts)
    return from_buffers(texts, offsets)


@compiled
def _records(
    data: Bytes, positions: Int64s, width: Integer, separator: Integer, quoted: bool, last: bool, out: Records
) -> tuple[int, int]:
    """Fills `out`; the rows found, and their lines. The last entry of `out.offsets` is where the last row ends."""
    start: Integer = np.int64(0)
    row, line, size = 0, 0, np.int64(len(data))
    while start < size:
        at: Integer = start
        fields, status, breaks = 0, SOUND, 0
        while True:
            first = at
            twice = False
            if quoted and at < size and data[at] == _QUOTE:
                at, status, inside, twice = _quoted_end(data, at + 1, separator, last)
                breaks += inside
                if status != SOUND:
                    break
                begin, end = first + 1, at - 1
            else:
                while at < size and data[at] != separator and data[at] != _LF:
                    at += 1
                begin, end = first, at
                if end > first and data[end - 1] == _CR and (at == size or data[at] == _LF):
                    end -= 1
            for column in range(len(positions)):
                if positions[column] == fields:
                    out.spans[0, column, row], out.spans[1, column, row] = begin, end
                    out.doubled[column, row] = twice
            fields += 1
            if at < size and data[at] == separator:
                at += 1
                continue
            if at < size and data[at] == _CR:
                at += 1
            if at < size and data[at] == _LF:
                at += 1
                breaks += 1
            break
        if status == _MORE:
            break
        if status != SOUND or (breaks > 1 and fields != width):
            at = start
            while at < size and data[at] != _LF:
                at += 1
            if at < size:
                at += 1
            if status == SOUND:
                status = UNCLOSED
            breaks = 1
        elif quoted and width > 1 and fields == 1 and end == start:
            status = BLANK
        out.offsets[row], out.first_line[row] = start, line
        out.status[row], out.fields[row] = status, fields
        row, line, start = row + 1, line + breaks, at
    out.offsets[row] = start
    return row, line


@compiled
def _quoted_end(data: Bytes, start: Integer, separator: Integer, last: bool) -> tuple[Integer, int, int, bool]:
    """After the opening quote: the byte after the closing one, the status, line breaks within, and doubled quotes."""
    size, at, breaks, twice = np.int64(len(data)), start, 0, False
    while at < size:
        if at - start > LONGEST_FIELD:
            return at, UNCLOSED, breaks, twice
        if data[at] == _LF:
            breaks += 1
        elif data[at] == _QUOTE:
            if at + 1 < size and data[at + 1] == _QUOTE:
                twice = True
                at += 1
            elif at + 1 == size and not last:
                return at, _MORE, breaks, twice
            else:
                at += 1
                ends = at == size or data[at] == separator or data[at] == _LF
                ends = ends or (data[at] == _CR and (at + 1 == size or data[at + 1] == _LF))
                return at, SOUND if ends else STRAY, breaks, twice
        at += 1
    return at, UNCLOSED if last else _MORE, breaks, twice


@compiled
def _lengths(data: Bytes, starts: Int64s, stops: Int64s, doubled: Bools, out: Int64s) -> None:
    """`out[i + 1]` becomes the bytes of text `i`."""
    for row in range(len(starts)):
        size = stops[row] - starts[row]
        if doubled[row] and size > 0:
            at = starts[row]
            while at < stops[row]:
                if data[at] == _QUOTE:
                    size -= 1
                    at += 1
                at += 1
        out[row + 1] = size


@compiled
def _copy(data: Bytes, starts: Int64s, stops: Int64s, doubled: Bools, offsets: Int64s, out: Bytes) -> None:
    for row in range(len(starts)):
        to, at = np.uint64(offsets[row]), np.uint64(starts[row])
        end, twice = np.uint64(stops[row]), doubled[row]
        while at < end:
            out[to] = data[at]
            if twice and data[at] == _QUOTE:
                at += np.uint64(1)
            to += np.uint64(1)
            at += np.uint64(1)
