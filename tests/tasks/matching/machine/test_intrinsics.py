"""Machine operations against Python, at every alignment."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.compiled import Integer, compiled
from tasks.matching.machine.intrinsics import (
    LOOK_AHEAD,
    address_of,
    load_byte,
    load_word,
    lowest_bit,
    network,
    prefetch,
    search_bytes,
    sort_lanes,
)

_vowels = search_bytes(b"aeiou")
_high = search_bytes(bytes([0x80, 0xFF, 0]))
_none = search_bytes(b"")
_sort_8 = sort_lanes(8)


@compiled
def _all_at(array: np.ndarray, place: Integer) -> tuple[int, int, int, int, int]:
    address = address_of(array) + place
    prefetch(address)
    return load_byte(address), load_word(address), _vowels(address), _high(address), _none(address)


@compiled
def _lowest(word: np.uint64) -> Integer:
    return lowest_bit(word)


@compiled
def _sorted_8(array: np.ndarray, place: Integer) -> np.uint64:
    return _sort_8(address_of(array) + 4 * place)


def bits(text: bytes, wanted: bytes) -> int:
    return sum(1 << place for place, code in enumerate(text) if code in wanted)


@settings(deadline=None)  # the first example compiles
@given(st.binary(min_size=0, max_size=90), st.integers(0, 90))
def test_loads_and_searches_at_any_place(text: bytes, place: int) -> None:
    place = min(place, len(text))
    values = np.frombuffer(text + b"a\xff\x00" * (LOOK_AHEAD // 3 + 1), dtype=np.uint8)
    seen = bytes(values[place : place + 64])
    byte, word, vowels, high, none = _all_at(values, place)
    assert (byte, int(word)) == (seen[0], int.from_bytes(seen[:8], "little"))
    assert (int(vowels), int(high), int(none)) == (bits(seen, b"aeiou"), bits(seen, b"\x80\xff\x00"), 0)


@pytest.mark.parametrize("bit", range(64))
def test_the_lowest_bit(bit: int) -> None:
    assert _lowest(np.uint64(1 << bit)) == bit
    assert _lowest(np.uint64((2**64 - 1) >> bit << bit)) == bit


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float64])
def test_the_address_is_that_of_the_first_element(kind: type) -> None:
    array = np.zeros(9, kind)
    assert address_of(array) == array.ctypes.data
    assert address_of(array[3:]) == array.ctypes.data + 3 * array.itemsize


@pytest.mark.parametrize("width", [2, 4, 8, 16])
def test_the_network_sorts_every_order_of_zeros_and_ones(width: int) -> None:
    # Then it sorts everything: Knuth's zero-one principle.
    values = np.arange(1 << width, dtype=np.uint32)[:, None] >> np.arange(width, dtype=np.uint32) & 1
    for partners in network(width):
        lower = np.arange(width) < partners
        values = np.where(lower, np.minimum(values, values[:, partners]), np.maximum(values, values[:, partners]))
    assert np.all(values[:, 1:] >= values[:, :-1])


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 5), min_size=8, max_size=8), st.integers(0, 3))
def test_eight_are_sorted_where_they_stand_and_the_repeated_are_marked(numbers: list[int], place: int) -> None:
    array = np.array([9] * place + numbers + [9] * (4 - place), dtype=np.uint32)
    repeated = _sorted_8(array, place)
    ordered = sorted(numbers)
    assert array.tolist() == [9] * place + ordered + [9] * (4 - place)
    expected = sum(1 << lane for lane in range(7) if ordered[lane] == ordered[lane + 1]) + (1 << 7)
    assert int(repeated) == expected
