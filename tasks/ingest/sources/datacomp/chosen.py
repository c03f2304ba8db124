"""The rows of a table that a subset takes, as often as it takes them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.uids import Uids, parse_uids
from tasks.arrays import Bools, Int64s
from tasks.ingest.columns.cells import as_bytes, is_bytes, is_text
from tasks.ingest.columns.plain import plain
from tasks.ingest.columns.sorted_uids import find
from tasks.ingest.reasons import Reason
from tasks.ingest.sources.datacomp.config import IMAGE_COLUMN
from tasks.ingest.sources.datacomp.members import Members
from tasks.ingest.tables.columns import Columns
from tasks.ingest.tables.shard import Rows, Shard


class Chosen:
    """A table of uids as a shard of the rows that are taken; its places are those of the table.

    Args:
        shard: the table.
        column: of the uids.
        subset: `[n, 2]` ascending; None: every row once.
        members: the images; None: there are none.
        held: of rows whose image is among the members, or of the others.
    """

    def __init__(
        self,
        shard: Shard,
        column: str,
        subset: Uids | None,
        members: Members | None = None,
        *,
        held: bool = False,
    ) -> None:
        self.name = shard.name
        self._shard, self._column, self._subset = shard, column, subset
        self._members, self._held = members, held

    def places(self) -> int:
        """As the table has."""
        return self._shard.places()

    def read(self, columns: Columns, wanted: range) -> Iterator[Rows]:
        """The rows that are taken; a copy has `#1`, `#2`, … behind its uid. What is no uid is a problem."""
        named = {role: name for role, name in columns.named.items() if name != IMAGE_COLUMN}
        for rows in self._shard.read(replace(columns, named=named), wanted):
            texts = uid_texts(rows.columns[self._column])
            uids, odd = parse_uids(texts)
            copies = np.ones(len(odd), np.int64) if self._subset is None else find(self._subset, uids)[1]
            if self._members is not None:
                copies[self._members.hold(uids) != self._held] = 0
            copies[odd] = not self._held  # what is no uid is told once, by the group of what is in no tar
            if copies.any():
                yield self._taken(rows, texts, uids, odd, copies)

    def _taken(self, rows: Rows, texts: pa.Array, uids: Uids, odd: Bools, copies: Int64s) -> Rows:
        owner = np.repeat(np.arange(len(copies)), copies)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(copies) - copies, copies)
        at = pa.array(owner)
        own = texts.take(at)
        numbered = pc.binary_join_element_wise(
            own, pa.array(number).cast(pa.large_string()), pa.scalar("#", pa.large_string())
        )
        held = {name: column.take(at) for name, column in rows.columns.items()}
        held[self._column] = pc.if_else(pa.array(number > 0), numbered, own)
        if self._members is not None:
            held[IMAGE_COLUMN] = self._members.paths(uids).take(at)
        problems: dict[int, tuple[Reason, str]] = {
            place: ("malformed row", f"{rows.where(int(owner[place]))}: {self._column!r} holds no uid there")
            for place in np.flatnonzero(odd[owner]).tolist()
        }
        return Rows(rows.numbers[owner], held, lambda place: rows.where(int(owner[place])), problems)


def uid_texts(values: pa.Array) -> pa.LargeStringArray:
    """Uids as texts; anything else, such as null, as an empty one."""
    values = plain(values)
    if not (is_text(values.type) or is_bytes(values.type)):
        values = values.cast(pa.large_string())
    raw = as_bytes(values)
    sound = pc.match_substring_regex(raw, r"^[0-9a-f]{32}$")
    return pc.if_else(pc.fill_null(sound, False), raw, pa.scalar(b"", pa.large_binary())).cast(pa.large_string())
