"""Lines of JSON objects, parsed by Arrow a block at a time; a line that does not parse spoils itself alone."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from tasks.arrays import Bools, Int64s
from tasks.ingest.columns.buffers import from_buffers
from tasks.ingest.columns.characters import characters
from tasks.ingest.reasons import Reason

_BLANK = b" \t\r\n"


@dataclass(frozen=True)
class JsonBlock:
    """Some consecutive lines, of one type a column.

    Attributes:
        numbers: of the lines, ascending, `[n]`; empty lines have none.
        table: the values, `[n]` rows; nulls where there is a problem.
        problems: what is wrong with lines, by place.
    """

    numbers: Int64s
    table: pa.Table
    problems: dict[int, tuple[Reason, str]]


_Part = tuple[Int64s, pa.Table | None, tuple[Reason, str] | None]


def json_blocks(
    content: bytes, first: int, schemas: Sequence[pa.Schema], texts: Sequence[str] = ()
) -> Iterator[JsonBlock]:
    """The objects on some whole lines.

    The types of the columns are looked for in turn among `schemas`, for a run of lines together; a run that fits none
    is halved until the lines that do not fit stand alone. So the verdict on a line is the parser's on it alone,
    wherever blocks are cut. Fields that no schema names are passed over.

    Args:
        content: the lines.
        first: the number of the first one, from 0.
        schemas: what the columns may be, most likely first; all of the same names.
        texts: further fields, which are given as texts whatever they hold: what is no text as JSON spells it.
    """
    numbers, table, group = list[Int64s](), list[pa.Table](), dict[int, tuple[Reason, str]]()
    schema: pa.Schema | None = None
    waiting = 0
    for lines, held, problem in _parts(content, first, list(schemas), texts):
        if held is not None and schema is not None and held.schema != schema:
            yield _joined(numbers, table, group, schema)
            numbers, table, group, schema, waiting = [], [], {}, None, 0
        if held is not None:
            schema = held.schema
        if problem is not None:
            group[waiting] = problem
        numbers.append(lines)
        table.append(held)
        waiting += len(lines)
    if numbers:
        yield _joined(numbers, table, group, schema or _with_texts(schemas[0], texts))


def _joined(
    numbers: list[Int64s], tables: list[pa.Table | None], problems: dict[int, tuple[Reason, str]], schema: pa.Schema
) -> JsonBlock:
    nothing = pa.table([pa.nulls(1, field.type) for field in schema], schema=schema)
    whole = pa.concat_tables([nothing if each is None else each for each in tables])
    return JsonBlock(np.concatenate(numbers), whole.combine_chunks(), problems)


def _with_texts(schema: pa.Schema, texts: Sequence[str]) -> pa.Schema:
    named = [pa.field(name, pa.large_string()) for name in texts if name not in schema.names]
    return pa.schema([*schema, *named])


def _parts(content: bytes, first: int, schemas: list[pa.Schema], texts: Sequence[str]) -> Iterator[_Part]:
    """Runs of lines that parse together, and single lines that do not."""
    starts, stops, numbers, odd = _objects(content, first)
    edges = [0, *(edge for place in np.flatnonzero(odd).tolist() for edge in (place, place + 1)), len(numbers)]
    for low, high in pairwise(edges):
        if low == high:
            continue
        if odd[low]:
            fault = _fault(content[starts[low] : stops[low]], int(numbers[low]), "it is not one object in braces")
            yield numbers[low:high], None, fault
        else:
            lines = starts[low:high], stops[low:high], numbers[low:high]
            yield from _halved(content, lines, schemas, texts)


def _objects(content: bytes, first: int) -> tuple[Int64s, Int64s, Int64s, Bools]:
    """Where each line that is not empty starts and stops, its number, and whether it is no object or not UTF-8.

    Lines that begin with `{` and end with `}` cut the text between objects, so that as many values as lines are one
    value a line.
    """
    data = np.frombuffer(content, np.uint8)
    stops = np.flatnonzero(data == 10)
    if len(data) and data[-1] != 10:
        stops = np.append(stops, len(data))
    starts = np.append(0, stops + 1)[: len(stops)]
    numbers = first + np.arange(len(stops))
    broken = ~characters(from_buffers(data, np.append(starts, len(data)).astype(np.int64))).sound
    filled = stops > starts
    starts, stops, numbers, broken = starts[filled], stops[filled], numbers[filled], broken[filled]
    plain = (data[starts] == ord("{")) & (data[stops - 1] == ord("}"))
    kept, odd = np.ones(len(starts), np.bool_), broken
    for place in np.flatnonzero(~plain).tolist():
        line = content[starts[place] : stops[place]]
        text = line.strip(_BLANK)
        starts[place] += len(line) - len(line.lstrip(_BLANK))
        stops[place] = starts[place] + len(text)
        kept[place] = bool(text)
        odd[place] |= not (text.startswith(b"{") and text.endswith(b"}"))
    return starts[kept], stops[kept], numbers[kept], odd[kept]


def _halved(
    content: bytes, lines: tuple[Int64s, Int64s, Int64s], schemas: list[pa.Schema], texts: Sequence[str]
) -> Iterator[_Part]:
    """`lines`: where each starts, where it stops, and its number."""
    starts, stops, numbers = lines
    text, said = content[starts[0] : stops[-1]], ""
    for place, schema in enumerate(schemas):
        try:
            table = _parse(text, schema)
            if texts and table.num_rows == len(numbers):
                objects = [content[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
                table = _add_texts(table, objects, texts)
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:  # the latter of messages about bytes that are not UTF-8
            said = said or str(error).splitlines()[0].removeprefix("JSON parse error: ")
            continue
        if table.num_rows == len(numbers):
            schemas.insert(0, schemas.pop(place))  # what is likely from here on
            yield numbers, table, None
            return
        said = said or "it holds more than one object"
    if len(numbers) == 1:
        yield numbers, None, _fault(text, int(numbers[0]), said)
        return
    half = len(numbers) // 2
    for part in (slice(half), slice(half, None)):
        yield from _halved(content, (starts[part], stops[part], numbers[part]), schemas, texts)


def _parse(text: bytes, schema: pa.Schema) -> pa.Table:
    return pj.read_json(
        io.BytesIO(text),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )


def _add_texts(table: pa.Table, objects: Sequence[bytes], names: Sequence[str]) -> pa.Table:
    """Fields as texts: Arrow would have to be told their types. Raises `pa.ArrowInvalid` for what cannot be read."""
    try:
        found = [json.loads(text, parse_int=_number) for text in objects]
    except (ValueError, RecursionError) as error:
        raise pa.ArrowInvalid(f"{type(error).__name__}: {error}") from None
    for name in names:
        if name not in table.column_names:
            table = table.append_column(name, pa.array([as_text(each.get(name)) for each in found], pa.large_string()))
    return table


def as_text(value: object) -> str | None:
    """A value of JSON as a text: texts as they are, null as none, the rest as JSON spells it."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 30 else float(digits)


def _fault(text: bytes, number: int, said: str) -> tuple[Reason, str]:
    try:
        text.decode()
    except UnicodeDecodeError:
        return "invalid UTF-8", f"line {number + 1} holds bytes that are not UTF-8"
    return "malformed row", f"line {number + 1} cannot be read as JSON ({said.removesuffix(' in row 0')[:120]})"
