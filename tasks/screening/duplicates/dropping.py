"""Which rows of some pairs are listed to be dropped, and why."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.schemas import DROPPED, GONE, REJECTED


def taken_down(ids: Sequence[int]) -> pa.Table:
    """A tombstone list in the form of a list of rows to drop."""
    count = len(ids)
    columns = [pa.array(ids, pa.uint64()), pa.nulls(count, pa.uint64()), pa.array(["taken down"] * count)]
    return pa.table(columns, schema=DROPPED)


def dropped_rows(pairs: pa.Table, dropped: Sequence[pa.Table]) -> tuple[pa.Table, pa.Table]:
    """The rows of `pairs` (id, key) that a table of `dropped` (id, kept, reason) lists: as `GONE`, and as `REJECTED`.

    A row listed twice has the reason of the first table.
    """
    reasons: dict[int, tuple[str, int | None]] = {}
    for table in reversed(dropped):
        here = table.filter(pc.is_in(table["id"], pairs["id"]))
        reasons |= {row["id"]: (row["reason"], row["kept"]) for row in here.to_pylist()}
    listed = pairs.filter(pc.is_in(pairs["id"], pa.array(list(reasons), pa.uint64())))
    rejected = []
    for row in listed.select(["id", "key"]).to_pylist():
        reason, kept = reasons[row["id"]]
        rejected.append({"key": row["key"], "reason": reason, "detail": "" if kept is None else f"kept: id {kept}"})
    return listed.select(["id"]).cast(GONE), pa.Table.from_pylist(rejected, schema=REJECTED)
