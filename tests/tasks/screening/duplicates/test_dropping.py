"""Rows left out of a shard, and why."""

import pyarrow as pa

from storage.tables.schemas import DROPPED, GONE, REJECTED
from tasks.screening.duplicates.dropping import dropped_rows, taken_down
from tests.tasks.embedding.conftest import pairs_table

PAIRS = pairs_table([b"a", b"b", b"c", b"d"])
IDS = PAIRS["id"].to_pylist()


def dropped(*rows: tuple[int, int | None, str]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(DROPPED.names, row, strict=True)) for row in rows], schema=DROPPED)


def test_listed_rows_go_with_the_first_tables_reason() -> None:
    first = dropped((IDS[2], None, "near an evaluation image"), (12345, 1, "of another shard"))
    second = dropped((IDS[2], IDS[0], "equal pair"), (IDS[3], IDS[0], "equal pair"))
    gone, why = dropped_rows(PAIRS, [first, second])
    assert gone.schema.equals(GONE) and gone["id"].to_pylist() == IDS[2:] and why.schema.equals(REJECTED)
    assert why.to_pylist() == [
        {"key": "row-2", "reason": "near an evaluation image", "detail": ""},
        {"key": "row-3", "reason": "equal pair", "detail": f"kept: id {IDS[0]}"},
    ]


def test_nothing_listed_leaves_everything() -> None:
    for tables in ([], [dropped()], [dropped((7, None, "elsewhere"))]):
        gone, why = dropped_rows(PAIRS, tables)
        assert gone.num_rows == why.num_rows == 0 and gone.schema.equals(GONE)
    gone, why = dropped_rows(PAIRS.slice(0, 0), [dropped((IDS[0], None, "x"))])
    assert gone.num_rows == why.num_rows == 0


def test_all_rows_may_go() -> None:
    gone, why = dropped_rows(PAIRS, [dropped(*((value, None, "all") for value in IDS))])
    assert gone["id"].to_pylist() == IDS and why["key"].to_pylist() == PAIRS["key"].to_pylist()


def test_what_is_taken_down_says_so() -> None:
    listed = taken_down([IDS[1], 2**64 - 1])
    assert listed.schema.equals(DROPPED)
    gone, why = dropped_rows(PAIRS, [listed, dropped((IDS[1], IDS[0], "equal pair"))])
    assert gone["id"].to_pylist() == [IDS[1]]
    assert why.to_pylist() == [{"key": "row-1", "reason": "taken down", "detail": ""}]
    assert taken_down([]).num_rows == 0
