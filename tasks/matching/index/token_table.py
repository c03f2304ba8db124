"""The hash table of tokens: every distinct word of the metadata list, found by its bytes.

A slot is half a cache line, four uint64, so that a look-up that misses, and most that hit, touch memory once:

| word | holds |
|---|---|
| 0, 1 | the token's key |
| 2 | the token's number (low half) and its mark (high half): which keywords end here |
| 3 | a Bloom filter of the tokens that can follow it in a longer keyword; 0 where there are none |

The key of a token of up to 15 bytes *is* its bytes with its length, so that equal keys are equal tokens. A longer
token has a hash for a key, and its bytes are compared with the arena's after the hash agreed.
"""

import numpy as np

from tasks.compiled import Integer, compiled
from tasks.matching.machine.intrinsics import load_byte, load_word

SLOT = 4
SLOT_BYTES = 8 * SLOT
SHORT = 16
LOW_HALF = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
UNKNOWN = np.uint64(0xFFFFFFFFFFFFFFFF)
"""What stands for word 2 of a token that is not in the table: no number, no mark."""

LOW_BYTES = np.array([(1 << (8 * min(n, 8))) - 1 for n in range(SHORT)], dtype=np.uint64)
HIGH_BYTES = np.array([(1 << (8 * max(n - 8, 0))) - 1 for n in range(SHORT)], dtype=np.uint64)
LENGTH_SHIFT = np.uint64(56)

_LONG = np.uint64(0xFF << 56)
_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xD6E8FEB86659FD93)
_MIX_C = np.uint64(0xFF51AFD7ED558CCD)


@compiled
def long_key(address: Integer, length: Integer) -> tuple[np.uint64, np.uint64]:
    """The key of a token of at least `SHORT` bytes: a 64-bit hash, and a word with the length that marks it as long."""
    state = np.uint64(length) * _MIX_A
    for step in range(0, length - 7, 8):
        state = (state ^ load_word(address + step)) * _MIX_B
        state ^= state >> HALF
    state = (state ^ load_word(address + length - 8)) * _MIX_B
    return state ^ (state >> HALF), _LONG | np.uint64(length)


@compiled
def short_key(address: Integer, length: Integer) -> tuple[np.uint64, np.uint64]:
    """The key of a token of fewer than `SHORT` bytes; its second word is never zero. Reads 16 bytes."""
    size = np.uint64(length + 1) << LENGTH_SHIFT
    return load_word(address) & LOW_BYTES[length], (load_word(address + 8) & HIGH_BYTES[length]) | size


@compiled
def home_slot(low: np.uint64, high: np.uint64, mask: Integer) -> Integer:
    """The slot where a key's search begins; `mask` is the number of slots minus one."""
    mixed = (low * _MIX_A) ^ ((high ^ (high >> np.uint64(29))) * _MIX_B)
    mixed = (mixed ^ (mixed >> HALF)) * _MIX_C
    return np.int64((mixed >> HALF) & np.uint64(mask))


@compiled
def same_bytes(left: Integer, right: Integer, length: Integer) -> bool:
    """Whether the byte runs at two addresses are equal."""
    for step in range(length):  # noqa: SIM110, numba has no all()
        if load_byte(left + step) != load_byte(right + step):
            return False
    return True


@compiled
def find_token(  # noqa: PLR0913  a kernel: addresses and numbers, no object that numba would count references of
    table: Integer,
    mask: Integer,
    slot: Integer,
    low: np.uint64,
    high: np.uint64,
    address: Integer,
    length: Integer,
    arena: Integer,
    arena_begin: Integer,
) -> Integer:
    """The slot that holds a token, or minus the free slot where it belongs, less one.

    `table`, `address` (of the token), `arena` and `arena_begin` are addresses; the search begins at `slot`.
    """
    while True:
        place = table + slot * SLOT_BYTES
        second = load_word(place + 8)
        if second == high and load_word(place) == low:
            if length < SHORT:
                return slot
            token = np.int64(load_word(place + 16) & LOW_HALF)
            if same_bytes(address, arena + np.int64(load_word(arena_begin + 8 * token)), length):
                return slot
        elif second == 0:
            return -slot - 1
        slot = (slot + 1) & mask
