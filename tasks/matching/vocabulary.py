"""The hash table of tokens: every distinct word of the metadata list, found by its bytes.

A slot is half a cache line, four uint64, so that a look-up that misses, and most that hit, touch memory once:

| word | holds |
|---|---|
| 0, 1 | the token's key |
| 2 | the token's number (low half) and its `mark` (high half): which entries end here |
| 3 | a Bloom filter of the tokens that can follow it in a longer entry; 0 where there are none |

The key of a token of up to 15 bytes *is* its bytes with its length, so that equal keys are equal tokens. A longer
token has a hash for a key, and its bytes are compared with the arena's after the hash agreed.
"""

import numpy as np

from tasks.matching.compiled import compiled
from tasks.matching.memory import load_word

SLOT = 4
SHORT = 16
ABSENT = np.uint32(0xFFFFFFFF)

_LOW_BYTES = np.array([(1 << (8 * min(n, 8))) - 1 for n in range(SHORT)], dtype=np.uint64)
_HIGH_BYTES = np.array([(1 << (8 * max(n - 8, 0))) - 1 for n in range(SHORT)], dtype=np.uint64)
_LONG = np.uint64(0xFF << 56)
_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xD6E8FEB86659FD93)
_MIX_C = np.uint64(0xFF51AFD7ED558CCD)


@compiled
def _word_within(values, begin, stop):
    """The bytes `[begin, min(begin + 8, stop))` as a little-endian word, zero beyond; reads nothing past `stop`."""
    word = np.uint64(0)
    for position in range(begin, min(begin + 8, stop)):
        word |= np.uint64(values[position]) << np.uint64(8 * (position - begin))
    return word


@compiled
def _long_hash(values, begin, length):
    """A 64-bit hash of a long token, eight bytes at a time."""
    stop = begin + length
    state = np.uint64(length) * _MIX_A
    for position in range(begin, stop, 8):
        if position + 8 <= stop:
            word = load_word(values, position)
        else:
            word = _word_within(values, position, stop)
        state = (state ^ word) * _MIX_B
        state ^= state >> np.uint64(32)
    return state


@compiled
def token_key(values, begin, length):
    """The two words that stand for the token `values[begin : begin + length]`; the second is never zero."""
    if length >= SHORT:
        return _long_hash(values, begin, length), _LONG | np.uint64(length)
    if begin + SHORT <= values.size:
        low, high = load_word(values, begin), load_word(values, begin + 8)
    else:
        stop = begin + length
        low, high = _word_within(values, begin, stop), _word_within(values, begin + 8, stop)
    size = np.uint64(length + 1) << np.uint64(56)
    return low & _LOW_BYTES[length], (high & _HIGH_BYTES[length]) | size


@compiled
def home_slot(low, high, mask):
    """The slot where a key's search begins; `mask` is the number of slots minus one."""
    mixed = (low * _MIX_A) ^ ((high ^ (high >> np.uint64(29))) * _MIX_B)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX_C
    return np.int64((mixed >> np.uint64(32)) & np.uint64(mask))


@compiled
def same_bytes(left, left_begin, right, right_begin, length):
    """Whether two byte runs are equal."""
    for step in range(length):
        if left[left_begin + step] != right[right_begin + step]:
            return False
    return True


@compiled
def find_token(table, mask, slot, low, high, values, begin, length, arena, arena_begin):
    """The slot that holds a token, or minus the free slot where it belongs, less one. The search begins at `slot`."""
    while True:
        base = slot * SLOT
        if table[base + 1] == high and table[base] == low:
            if length < SHORT:
                return slot
            token = np.int64(table[base + 2] & np.uint64(ABSENT))
            if same_bytes(values, begin, arena, arena_begin[token], length):
                return slot
        elif table[base + 1] == 0:
            return -slot - 1
        slot = (slot + 1) & mask
