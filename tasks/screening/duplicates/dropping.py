"""Leaving listed rows out of shards of pairs."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.schemas import REJECTED


def without_dropped(pairs: pa.Table, dropped: Sequence[pa.Table]) -> tuple[pa.Table, pa.Table]:
    """Rows of `pairs` that no table of `dropped` (id, kept, reason) lists, and the others as `REJECTED`.

    A row listed twice has the reason of the first table.
    """
    reasons: dict[int, tuple[str, int | None]] = {}
    for table in reversed(dropped):
        here = table.filter(pc.is_in(table["id"], pairs["id"]))
        reasons |= {row["id"]: (row["reason"], row["kept"]) for row in here.to_pylist()}
    out = pc.is_in(pairs["id"], pa.array(list(reasons), pa.uint64()))
    gone = []
    for row in pairs.select(["id", "key"]).filter(out).to_pylist():
        reason, kept = reasons[row["id"]]
        gone.append({"key": row["key"], "reason": reason, "detail": "" if kept is None else f"kept: id {kept}"})
    return pairs.filter(pc.invert(out)), pa.Table.from_pylist(gone, schema=REJECTED)
