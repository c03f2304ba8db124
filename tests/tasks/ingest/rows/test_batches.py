"""Batches keep order and content, and are no larger than asked."""

from hypothesis import given
from hypothesis import strategies as st

from storage.tables.ids import row_ids
from storage.tables.schemas import PAIRS, REJECTED
from tasks.ingest.rows.batches import make_batches
from tasks.ingest.rows.row import Pair, Rejection

ROWS = st.lists(
    st.one_of(
        st.builds(Pair, st.text(max_size=4), st.text(max_size=4), st.none() | st.binary(max_size=8)),
        st.builds(Rejection, st.text(max_size=4), st.just("missing image"), st.text(max_size=4)),
    )
)


@given(rows=ROWS, size=st.integers(1, 5), room=st.integers(1, 20))
def test_batches_are_the_rows_in_order(rows: list[Pair | Rejection], size: int, room: int) -> None:
    batches = list(make_batches(rows, "s", rows_per_batch=size, bytes_per_batch=room))
    pairs = [row for batch in batches for row in batch.pairs.to_pylist()]
    accepted = [row for row in rows if isinstance(row, Pair)]
    assert [(row["key"], row["caption"], row["image"] and row["image"]["bytes"]) for row in pairs] == [
        (row.key, row.caption, row.image) for row in accepted
    ]
    assert [row["id"] for row in pairs] == row_ids("s", [row.key for row in accepted]).tolist()
    assert [row["key"] for batch in batches for row in batch.rejected.to_pylist()] == [
        row.key for row in rows if isinstance(row, Rejection)
    ]
    for batch in batches:
        assert 0 < batch.pairs.num_rows + batch.rejected.num_rows <= size
        assert batch.pairs.schema.equals(PAIRS) and batch.rejected.schema.equals(REJECTED)
        images = [len(row["image"]["bytes"]) for row in batch.pairs.to_pylist() if row["image"]]
        assert sum(images[:-1]) < room  # only the last may go over


def test_what_utf8_cannot_hold_is_escaped_in_what_is_rejected_and_in_paths() -> None:
    rows = [Rejection("a\udcff", "invalid UTF-8", "b\ud800"), Pair("k", "c", b"x", "p\udcfe")]
    (batch,) = make_batches(rows, "s")
    assert batch.rejected.to_pylist()[0] == {"key": "a\\udcff", "reason": "invalid UTF-8", "detail": "b\\ud800"}
    assert batch.pairs["image"][0]["path"].as_py() == "p\\udcfe"
