"""Which rows of some pairs are listed to be dropped, and why."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.schemas import DROPPED, GONE, REJECTED


def taken_down(ids: Sequence[int]) -> pa.Table:
    """A tombstone list in the form of a list of rows to drop."""
    count = len(ids)
    columns = [pa.array(ids, pa.uint64()), pa.nulls(count, pa.uint64()), pa.array(["taken down"] * count)]
    return pa.table(columns, schema=DROPPED)


def dropped_rows(pairs: pa.Table, dropped: Sequence[pa.Table]) -> tuple[pa.Table, pa.Table]:
    """The rows of `pairs` (id, key) that a table of `dropped` lists: as `GONE`, and as `REJECTED`, in their order.

    A table has `id` and `reason`, and a `detail` or else `kept`, the id that stays for the row. A row listed twice has
    the reason of the first table.
    """
    tables = [_with_details(table.filter(pc.is_in(table["id"], pairs["id"]))) for table in dropped]
    listed = pa.concat_tables([_LISTED.empty_table(), *tables]).combine_chunks()
    _, first = np.unique(listed["id"].to_numpy(), return_index=True)
    listed = listed.take(pa.array(first))
    place = pc.index_in(pairs["id"], value_set=listed["id"].combine_chunks())
    here = pairs.filter(pc.is_valid(place))
    why = listed.take(place.drop_null().combine_chunks())
    rejected = pa.table([here["key"], why["reason"], why["detail"]], schema=REJECTED)
    return here.select(["id"]).cast(GONE), rejected


_LISTED = pa.schema([("id", pa.uint64()), ("reason", pa.string()), ("detail", pa.string())])


def _with_details(table: pa.Table) -> pa.Table:
    if "detail" not in table.column_names:
        kept = pc.cast(table["kept"], pa.string())
        detail = pc.binary_join_element_wise(pa.scalar("kept: id"), pc.fill_null(kept, ""), " ")
        detail = pc.if_else(pc.is_valid(kept), detail, pa.scalar(""))
    else:
        detail = table["detail"]
    return pa.table([table["id"], table["reason"], detail], schema=_LISTED)
