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
