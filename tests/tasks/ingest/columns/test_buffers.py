"""Columns become bytes and offsets, and come back."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.columns.buffers import buffers, from_buffers, pieces


@settings(deadline=None)
@given(texts=st.lists(st.binary(max_size=5)), skip=st.integers(0, 5))
def test_there_and_back(texts: list[bytes], skip: int) -> None:
    column = pa.array(texts, pa.large_binary())[skip:]
    assert from_buffers(*buffers(column)).to_pylist() == texts[skip:]


@settings(deadline=None)
@given(data=st.binary(max_size=30), ends=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_pieces_are_slices(data: bytes, ends: list[tuple[int, int]]) -> None:
    pairs = [tuple(sorted((min(a, len(data)), min(b, len(data))))) for a, b in ends]
    starts, stops = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    found = pieces(np.frombuffer(data, np.uint8), starts, stops)
    assert found.to_pylist() == [data[start:stop] for start, stop in pairs]
