"""Keys of tokens: short ones are their bytes, long ones hashes, and equal hashes are told apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.matching.index import token_table as vocabulary
from tasks.matching.machine.intrinsics import address_of
from tasks.matching.matcher import KeywordMatcher
from tasks.matching.spacing.text import PUNCTUATION
from tests.tasks.matching.texts import plain_loop


def padded(token: bytes) -> np.ndarray:
    return np.frombuffer(token + b"\xaa" * 64, dtype=np.uint8)


@given(st.binary(max_size=15))
def test_a_short_key_is_the_bytes_and_their_number(token: bytes) -> None:
    text = padded(token)
    low, high = vocabulary.short_key(address_of(text), len(token))
    whole = (int(high) << 64 | int(low)).to_bytes(16, "little")
    assert whole[: len(token)] == token and whole[15] == len(token) + 1
    assert set(whole[len(token) : 15]) <= {0}


@given(st.binary(min_size=16, max_size=60), st.integers(0, 59))
def test_a_long_key_depends_on_every_byte_and_on_no_other(token: bytes, place: int) -> None:
    def key(text: bytes, after: bytes = b"") -> tuple[int, int]:
        values = padded(text + after)  # alive as long as its address is read
        low, high = vocabulary.long_key(address_of(values), len(text))
        return int(low), int(high)

    assert key(token) == key(token, b"other bytes behind it")
    place %= len(token)
    assert key(token) != key(token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :])
    assert key(token)[1] == 0xFF << 56 | len(token)


@given(st.binary(max_size=20), st.binary(max_size=20), st.integers(0, 20))
def test_same_bytes(left: bytes, right: bytes, length: int) -> None:
    a, b = padded(left), padded(right)
    same = bytes(a[:length]) == bytes(b[:length])
    assert vocabulary.same_bytes(address_of(a), address_of(b), length) == same


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 20))
def test_home_slots_lie_in_the_table(low: int, high: int, bits: int) -> None:
    assert 0 <= vocabulary.home_slot(np.uint64(low), np.uint64(high), 2**bits - 1) < 2**bits


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
