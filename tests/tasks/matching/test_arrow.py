"""Columns of texts in every shape that people have them, and in memory that is laid out awkwardly."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.matching.arrow import as_texts, buffers, from_buffers, padded_buffers, require_texts
from tasks.matching.machine.intrinsics import LOOK_AHEAD
from tasks.matching.matcher import KeywordMatcher
from tests.tasks.matching.texts import plain_loop, texts

KINDS = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()]


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.none() | texts(longest=6), max_size=12),
    kind=st.sampled_from([*KINDS, "dictionary"]),
    start=st.integers(0, 12),
    length=st.integers(0, 12),
    cuts=st.lists(st.integers(0, 12), max_size=3),
)
def test_slices_chunks_and_bitmaps_with_offsets(
    rows: list[str | None], kind: pa.DataType | str, start: int, length: int, cuts: list[int]
) -> None:
    entries = ["cat", "a cat", "", ",", "x" * 16, "é"]
    if kind == "dictionary":
        column = pa.array(rows, pa.string()).dictionary_encode()
    else:
        column = pa.array([None if row is None else row.encode() for row in rows], pa.binary()).cast(kind)
    view = column.slice(min(start, len(rows)), length)
    edges = sorted({0, len(view), *(min(cut, len(view)) for cut in cuts)})
    pieces = [view.slice(begin, end - begin) for begin, end in pairwise(edges)]
    expected = [[] if row is None else plain_loop(entries, [row])[0] for row in rows[start : start + length]]
    matcher = KeywordMatcher(entries)
    assert matcher.match(view).to_pylist() == expected
    assert matcher.match(pa.chunked_array(pieces, column.type)).to_pylist() == expected


@given(st.lists(texts(longest=5), max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_the_kernel_may_read_past_every_text(rows: list[str], start: int, length: int) -> None:
    """`special_bytes` loads 64 bytes and a key 16 from wherever a text begins: they must belong to the buffer."""
    column = pa.array([row.encode() for row in rows], pa.large_binary())
    view = column.slice(min(start, len(rows)), length)
    values, offsets = padded_buffers(view)
    assert values.size >= offsets[-1] + LOOK_AHEAD
    found = [bytes(values[begin:end]) for begin, end in pairwise(offsets)]
    assert found == view.to_pylist()


def test_offsets_beyond_two_gigabytes() -> None:
    """The first row ends behind byte 2**31. Its zero bytes are never touched, so they take no memory."""
    far = (1 << 31) + 5
    tail = b"a cat, a dog" + b"dog"
    values = np.zeros(far + len(tail) + LOOK_AHEAD, dtype=np.uint8)
    values[far : far + len(tail)] = np.frombuffer(tail, dtype=np.uint8)
    offsets = np.array([0, far, far + 12, far + 15], dtype=np.int64)
    column = pa.LargeStringArray.from_buffers(3, pa.py_buffer(offsets), pa.py_buffer(values)).slice(1)
    assert np.shares_memory(buffers(as_texts(column, "captions").chunk(0))[0], values)
    assert KeywordMatcher(["cat", "dog"]).match(column).to_pylist() == [[0, 1], [1]]


ROWS = ["a cat", None, "", "café"]
PYTHON = {
    "list": list(ROWS),
    "tuple": tuple(ROWS),
    "iterator": iter(ROWS),
    "numpy objects": np.array(ROWS, dtype=object),
    "polars": pl.Series(ROWS),
    "polars categories": pl.Series(ROWS, dtype=pl.Categorical),
    "polars enum": pl.Series(ROWS, dtype=pl.Enum(["a cat", "", "café"])),
    "chunks": pa.chunked_array([ROWS[:1], ROWS[1:]]),
    "no chunk more": pa.chunked_array([pa.array(ROWS), pa.array([], pa.string())]),
    "large dictionary": pa.array(ROWS, pa.large_string()).dictionary_encode(),
    "dictionary of views": pa.array(ROWS).dictionary_encode().cast(pa.dictionary(pa.int64(), pa.string())),
}


@pytest.mark.parametrize("kind", PYTHON)
def test_shapes_that_people_have_texts_in(kind: str) -> None:
    column = as_texts(PYTHON[kind], "captions")
    assert column.type == pa.large_binary()
    assert column.to_pylist() == [None if row is None else row.encode() for row in ROWS]


@pytest.mark.parametrize("kind", KINDS)
def test_arrow_types(kind: pa.DataType) -> None:
    column = pa.array([None if row is None else row.encode() for row in ROWS], pa.binary()).cast(kind)
    assert as_texts(column, "captions").to_pylist() == [None if row is None else row.encode() for row in ROWS]


def test_texts_of_numpy_and_of_a_generator() -> None:
    def generated() -> Iterator[str]:
        yield from ("cat", "dog")

    for column in (np.array(["cat", "dog"]), generated(), (text for text in ("cat", "dog"))):
        assert KeywordMatcher(["dog", "cat"]).match(column).to_pylist() == [[1], [0]]
    entries = np.array(["dog", "cat"])
    assert KeywordMatcher(entries).match(["cat"]).to_pylist() == [[1]]
    assert as_texts([], "captions").to_pylist() == [] == as_texts(pa.nulls(0), "captions").to_pylist()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("cat", "not one text; put it into a list"),
        (b"cat", "not one text; put it into a list"),
        (None, "in an order, not NoneType"),
        (7, "in an order, not int"),
        ({"cat"}, "in an order, not set"),
        ({"cat": 1}, "in an order, not dict"),
        (np.array([["cat"]]), r"not an array of shape \(1, 1\)"),
        (np.array("cat"), r"not an array of shape \(\)"),
        (np.array([1.5]), "row 0: .*1.5.* is not a text"),
        (["cat", 7], "row 1: 7 is not a text"),
        (["cat", float("nan")], "row 1: nan is not a text"),
        (["cat", "\ud800"], "row 1: .* is not a text that UTF-8 can hold"),
        (pa.array([1]), "not Arrow int64; cast the column to string"),
        (pa.array([["cat"]]), "not Arrow list"),
        (pl.Series([1]), "not Arrow int64; cast the column to string"),
        (pa.table({"a": ["cat"]}), "not a table; choose the column"),
        (pa.record_batch({"a": ["cat"]}), "not a table; choose the column"),
        (pl.DataFrame({"a": ["cat"]}), "not a table; choose the column"),
    ],
    ids=str,
)
def test_what_is_no_column_of_texts_is_one_sentence(column: object, message: str) -> None:
    with pytest.raises(InputError, match=f"^captions.*{message}"):
        KeywordMatcher(["cat"]).match(column)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=f"^entries.*{message}"):
        KeywordMatcher(column)  # type: ignore[arg-type]


def test_entries_must_all_be_there() -> None:
    with pytest.raises(InputError, match="entries, row 1: null is not a text"):
        require_texts(as_texts(["a", None], "entries").combine_chunks(), "entries")
    with pytest.raises(InputError, match=r"entries, row 1: b'\\xff' is not UTF-8"):
        require_texts(pa.array([b"a", b"\xff"], pa.large_binary()), "entries")


@given(st.lists(st.binary(max_size=5), max_size=6))
def test_buffers_go_there_and_back(rows: list[bytes]) -> None:
    column = pa.array(rows, pa.large_binary())
    assert from_buffers(*buffers(column)).to_pylist() == rows
