"""Rows left out of a shard, and why."""

import pyarrow as pa

from storage.tables.schemas import DROPPED, REJECTED
from tasks.screening.duplicates.dropping import without_dropped
from tests.tasks.embedding.conftest import pairs_table

PAIRS = pairs_table([b"a", b"b", b"c", b"d"])
IDS = PAIRS["id"].to_pylist()


def dropped(*rows: tuple[int, int | None, str]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(DROPPED.names, row, strict=True)) for row in rows], schema=DROPPED)


def test_listed_rows_go_with_the_first_tables_reason() -> None:
    first = dropped((IDS[2], None, "near an evaluation image"), (12345, 1, "of another shard"))
    second = dropped((IDS[2], IDS[0], "equal pair"), (IDS[3], IDS[0], "equal pair"))
    kept, gone = without_dropped(PAIRS, [first, second])
    assert kept.equals(PAIRS.slice(0, 2)) and gone.schema.equals(REJECTED)
    assert gone.to_pylist() == [
        {"key": "row-2", "reason": "near an evaluation image", "detail": ""},
        {"key": "row-3", "reason": "equal pair", "detail": f"kept: id {IDS[0]}"},
    ]


def test_nothing_listed_leaves_everything() -> None:
    for tables in ([], [dropped()], [dropped((7, None, "elsewhere"))]):
        kept, gone = without_dropped(PAIRS, tables)
        assert kept.equals(PAIRS) and gone.num_rows == 0
    kept, gone = without_dropped(PAIRS.slice(0, 0), [dropped((IDS[0], None, "x"))])
    assert kept.num_rows == gone.num_rows == 0


def test_all_rows_may_go() -> None:
    kept, gone = without_dropped(PAIRS, [dropped(*((value, None, "all") for value in IDS))])
    assert (
        kept.num_rows == 0 and kept.schema.equals(PAIRS.schema) and gone["key"].to_pylist() == PAIRS["key"].to_pylist()
    )
