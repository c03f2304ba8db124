"""The hash table of longer keywords: from an n-gram that begins some keyword, by one more token, to the next n-gram.

Nodes of this trie are numbered: a one-token node has its token's number, longer ones are numbered from `DEEP`. A
slot is two uint64: the key (parent node in the high half, token in the low half; exact, so nothing is left to
verify) and the link (child node in the low half with `HAS_CHILDREN` in its top bit, its mark in the high half).
"""

import numpy as np

from tasks.compiled import Integer, compiled
from tasks.matching.machine.intrinsics import load_word

SLOT = 2
SLOT_BYTES = 8 * SLOT
FREE = np.uint64(0xFFFFFFFFFFFFFFFF)
HAS_CHILDREN = np.uint64(0x80000000)
NODE = np.uint64(0x7FFFFFFF)
DEEP = 0x40000000

_HALF = np.uint64(32)
_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xD6E8FEB86659FD93)


@compiled
def pair_key(node: np.uint64, token: np.uint64) -> np.uint64:
    """The key of a node followed by a token, both uint64; only the low half of `node` counts."""
    return (node << _HALF) | token


@compiled
def first_slot(key: np.uint64, mask: Integer) -> Integer:
    """The slot where a key's search begins; `mask` is the number of slots minus one."""
    mixed = (key ^ (key >> _HALF)) * _MIX_A
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX_B
    return np.int64((mixed >> _HALF) & np.uint64(mask))


@compiled
def find_continuation(table: Integer, mask: Integer, slot: Integer, key: np.uint64) -> Integer:
    """The slot of a key, or minus the free slot where it belongs, less one. `table` is an address."""
    while True:
        found = load_word(table + slot * SLOT_BYTES)
        if found == key:
            return slot
        if found == FREE:
            return -slot - 1
        slot = (slot + 1) & mask


@compiled
def filter_shift(token: np.uint64) -> np.uint64:
    """The bit, 0 to 63, that stands for a following token in a 64-bit Bloom filter."""
    return (token * _MIX_A) >> np.uint64(58)
