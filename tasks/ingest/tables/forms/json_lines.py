"""A file of JSON objects, one a line, as a shard of a table."""

from collections.abc import Iterator, Mapping
from itertools import product

import pyarrow as pa

from storage.places.place import Place
from tasks.ingest.files.json_lines import json_blocks
from tasks.ingest.files.lines import count_lines, line_blocks
from tasks.ingest.tables.columns import Columns, Role
from tasks.ingest.tables.shard import Rows

_TEXT = pa.string()
_KINDS: Mapping[Role, tuple[pa.DataType, ...]] = {
    "caption": (_TEXT, pa.list_(_TEXT)),
    "image": (_TEXT,),
    "label": (pa.int64(), pa.float64()),
    "key": (_TEXT, pa.int64()),
}


class JsonLinesShard:
    """One file; see `shard.Shard`. A place for a row is a line; empty lines are no rows."""

    def __init__(self, name: str, path: Place) -> None:
        self.name = name
        self._path = path

    def places(self) -> int:
        """Its lines."""
        return count_lines(self._path)

    def read(self, columns: Columns, wanted: range) -> Iterator[Rows]:
        """The rows on the wanted lines."""
        schemas, line = schemas_of(columns), 0
        texts = tuple(dict.fromkeys((*columns.kept, *columns.concepts)))
        for content in line_blocks(self._path):
            ends = content.count(b"\n") + (not content.endswith(b"\n"))
            inside = _lines(content, wanted.start - line, wanted.stop - line) if line + ends > wanted.start else b""
            for block in json_blocks(inside, max(line, wanted.start), schemas, texts):
                held = dict(zip(block.table.column_names, (each.combine_chunks() for each in block.table), strict=True))
                yield Rows(
                    block.numbers,
                    held,
                    lambda place, numbers=block.numbers: f"{self.name} line {numbers[place] + 1}",  # type: ignore[misc]
                    block.problems,
                )
            line += ends
            if line >= wanted.stop:
                return


def schemas_of(columns: Columns) -> list[pa.Schema]:
    """What the columns may hold, most likely first."""
    kinds: dict[str, tuple[pa.DataType, ...]] = {name: (pa.float64(),) for name in columns.scores}
    for role, name in columns.named.items():
        kinds[name] = _KINDS[role] if name not in kinds else kinds[name]
    return [pa.schema(list(zip(kinds, choice, strict=True))) for choice in product(*kinds.values())]


def _lines(content: bytes, start: int, stop: int) -> bytes:
    """The lines from number `start` up to `stop`."""
    low, high, number, at = 0, len(content), 0, 0
    if start <= 0 and stop >= content.count(b"\n") + 1:
        return content
    while at < len(content):
        if number == max(0, start):
            low = at
        if number == stop:
            high = at
            break
        at = content.find(b"\n", at) + 1 or len(content)
        number += 1
    return content[low:high] if number > start or start <= 0 else b""
