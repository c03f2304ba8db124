"""A CSV or TSV file as a shard of a table."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from storage.places.place import Place
from tasks.ingest.files.lines import count_lines
from tasks.ingest.files.table import Quotes, read_blocks, read_header
from tasks.ingest.tables.columns import Columns
from tasks.ingest.tables.shard import Rows


class TextShard:
    """One text table; see `shard.Shard`. A place for a row is a line after the header.

    Args:
        name: the file's path below the source's folder.
        path: where it lies.
        quotes: see `files.table.read_blocks`.
        separator: one character; None: the most frequent in the header.
        header: the names of the columns, where the file has no line for them.
    """

    def __init__(
        self, name: str, path: Place, quotes: Quotes, separator: str | None, header: Sequence[str] = ()
    ) -> None:
        self.name = name
        self._path, self._quotes, self._separator, self._header = path, quotes, separator, header

    def _lines_of_header(self) -> int:
        return read_header(self._path, self._quotes, self._separator, self._header).lines

    def places(self) -> int:
        """Its lines after the header."""
        return max(0, count_lines(self._path) - self._lines_of_header())

    def read(self, columns: Columns, wanted: range) -> Iterator[Rows]:
        """The rows that begin on the wanted lines."""
        names = tuple(columns.all)
        first = 1 + self._lines_of_header()
        for block in read_blocks(self._path, names, self._quotes, self._separator, wanted, self._header):
            texts = [column.view(pa.large_string()) for column in block.columns]
            yield Rows(
                block.lines - first,
                dict(zip(names, texts, strict=True)),
                lambda place, lines=block.lines: f"{self.name} line {lines[place]}",  # type: ignore[misc]
                block.problems,
            )
