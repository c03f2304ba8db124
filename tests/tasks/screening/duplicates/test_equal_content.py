"""Exact duplicates: a dictionary of the bytes themselves."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.screening.duplicates.equal_content import content_hashes, equal_content
from tests.tasks.embedding.conftest import pairs_table

Row = tuple[int, bytes | None, str]
ROWS = st.lists(
    st.tuples(st.integers(0, 2**64 - 1), st.sampled_from([None, b"", b"x", b"y"]), st.sampled_from(["", "a", "b"])),
    max_size=12,
    unique_by=lambda row: row[0],
)


def batches(rows: list[Row], cut: int) -> list[pa.RecordBatch]:
    table = pairs_table([image for _, image, _ in rows])
    table = table.set_column(0, table.schema.field("id"), pa.array([row[0] for row in rows], pa.uint64()))
    place = table.column_names.index("caption")
    table = table.set_column(
        place, table.schema.field(place), pa.array([row[2] for row in rows], table.schema.field(place).type)
    )
    return table.to_batches(max_chunksize=cut)


def content(row: Row, kind: str) -> object:
    """What the row is told apart by; without an image, by its caption."""
    _, image, caption = row
    if kind == "caption" or not image:
        return "caption", caption
    return (image, caption) if kind == "pair" else image


@pytest.mark.parametrize("kind", ["image", "pair", "caption"])
@given(ROWS, st.integers(1, 5))
def test_the_lowest_id_of_equal_content_is_kept(kind: str, rows: list[Row], cut: int) -> None:
    ids, hashes = content_hashes(batches(rows, cut), kind)
    assert ids.tolist() == [row[0] for row in rows] and ids.dtype == np.uint64
    repeated, kept = equal_content(ids, hashes)
    lowest: dict[object, int] = {}
    for row in sorted(rows):
        lowest.setdefault(content(row, kind), row[0])
    expected = [(row[0], lowest[content(row, kind)]) for row in sorted(rows)]
    assert list(zip(repeated.tolist(), kept.tolist(), strict=True)) == [pair for pair in expected if len(set(pair)) > 1]


def test_no_bytes_pass_from_the_image_to_the_caption() -> None:
    """Image and caption one after the other are the same bytes; the pairs are not the same."""
    mark = "\0caption\0"
    rows: list[Row] = [(1, f"x{mark}a".encode(), "b"), (2, b"x", f"a{mark}b")]
    assert len(equal_content(*content_hashes(batches(rows, 2), "pair"))[0]) == 0


@pytest.mark.parametrize("kind", [np.int64, np.uint64, list])
def test_ids_come_as_they_come(kind: type) -> None:
    _, hashes = content_hashes(batches([(1, None, "a"), (2, None, "a"), (3, None, "b")], 3), "caption")
    ids = [2**62 + 1, 2**62, 5]
    given_ids = ids if kind is list else np.array(ids, kind)
    repeated, kept = equal_content(given_ids, hashes)  # type: ignore[arg-type]
    assert (repeated.tolist(), kept.tolist()) == ([2**62 + 1], [2**62]) and kept.dtype == np.uint64
