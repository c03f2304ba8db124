"""One file of a table, whatever its format: how many rows it has, and some of them as columns."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from tasks.arrays import Int64s
from tasks.ingest.reasons import Reason
from tasks.ingest.tables.columns import Columns


@dataclass(frozen=True)
class Rows:
    """Some consecutive rows of a file.

    Attributes:
        numbers: the places of the rows in the file, from 0, ascending, `[n]`; keys are made of them.
        columns: `[n]` each, by name, in any of Arrow's types.
        where: what a person calls a row, by its place among these.
        problems: rows that have no values at all, and why, by their places among these.
    """

    numbers: Int64s
    columns: Mapping[str, pa.Array]
    where: Callable[[int], str]
    problems: Mapping[int, tuple[Reason, str]] = field(default_factory=dict)


class Shard(Protocol):
    """One file."""

    @property
    def name(self) -> str:
        """Its path below the source's folder; part of its rows' keys."""

    def places(self) -> int:
        """How many places for rows it has: its rows, or its lines."""

    def read(self, columns: Columns, wanted: range) -> Iterator[Rows]:
        """The rows at the `wanted` places, in order; the same rows however the places are cut."""
