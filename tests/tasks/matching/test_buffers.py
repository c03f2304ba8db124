"""The index and the kernel on memory that is laid out awkwardly: slices, bitmaps, far offsets, equal hashes."""

import random
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.matching.arrow import as_texts, buffers, padded_buffers
from tasks.matching.index import token_table as vocabulary
from tasks.matching.machine.intrinsics import LOOK_AHEAD, address_of
from tasks.matching.matcher import KeywordMatcher
from tasks.matching.spacing.text import PUNCTUATION
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


def test_the_result_is_a_sparse_matrix_without_a_copy() -> None:
    """Offsets and values are CSR's `indptr` and `indices`, and the buffers that Parquet is written from."""
    captions = pa.array(["a cat", "dog", "no", "dog, cat"])
    matches = KeywordMatcher(["cat", "dog"]).match(captions)
    indptr, indices = (part.to_numpy(zero_copy_only=True) for part in (matches.offsets, matches.values))
    matrix = scipy.sparse.csr_array((np.ones(indices.size), indices.view(np.int32), indptr), shape=(4, 2))
    assert matrix.toarray().tolist() == [[1, 0], [0, 1], [0, 0], [1, 1]]
    lists = pa.ListArray.from_arrays(matches.offsets.cast(pa.int32()), matches.values)
    assert lists.values.buffers()[1].address == matches.values.buffers()[1].address
    assert lists.to_pylist() == matches.to_pylist()


def long_key(token: bytes) -> tuple[int, int]:
    text = np.frombuffer(token, dtype=np.uint8)
    low, high = vocabulary.long_key(address_of(text), text.size)
    return int(low), int(high)


def colliding_pair() -> tuple[bytes, bytes]:
    """Two tokens of 24 letters and marks with one key: their second words undo the difference of their first."""
    start = np.uint64((24 * 0x9E3779B97F4A7C15) % 2**64)
    generator = np.random.default_rng(0)
    firsts = generator.integers(ord("a"), ord("z") + 1, (100_000, 8), dtype=np.uint8).view(np.uint64).ravel()
    states = (start ^ firsts) * np.uint64(0xD6E8FEB86659FD93)
    states ^= states >> np.uint64(32)
    second = np.frombuffer(b"abcdefgh", dtype=np.uint64)[0]
    seconds = (second ^ states[0] ^ states).view(np.uint8).reshape(-1, 8)
    printable = (seconds > ord(" ")) & (seconds < 0x7F) & ~np.isin(seconds, [ord(mark) for mark in PUNCTUATION])
    other = int(np.flatnonzero(printable[1:].all(axis=1))[0]) + 1
    left, right = (firsts[place].tobytes() + seconds[place].tobytes() + b"the_end_" for place in (0, other))
    return left, right


def test_words_with_equal_hashes_are_told_apart_by_their_bytes() -> None:
    left, right = colliding_pair()
    assert left != right
    assert long_key(left) == long_key(right)
    first, second = left.decode(), right.decode()
    captions = [first, second, f"{second} {first}", f"a {second}"]
    assert KeywordMatcher([first]).match(captions).to_pylist() == [[0], [], [0], []]
    entries = [second, first, f"a {second}", f"a {first}"]
    assert KeywordMatcher(entries).match(captions).to_pylist() == plain_loop(entries, captions)
    assert KeywordMatcher(entries).audit().duplicates == ()


@pytest.mark.parametrize("size", [500, 520, 2_000, 40_000])
def test_tables_that_grow_lose_nothing(size: int) -> None:
    """Around the first doubling of both tables (512 of 1,024 slots) and far beyond it."""
    source = random.Random(size)
    words = [f"{source.getrandbits(40):x}" + "y" * source.randint(0, 12) for _ in range(size)]
    entries = words + [f"{a} {b}" for a, b in pairwise(words)]
    column = pa.array(entries)
    found = KeywordMatcher(entries).match(column)
    first, pairs = found.to_pylist()[:size], found.to_pylist()[size:]
    assert first == [[place] for place in range(size)]
    assert pairs == [[place, place + 1, size + place] for place in range(size - 1)]
