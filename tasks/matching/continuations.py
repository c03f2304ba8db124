"""The hash table of longer entries: from an n-gram that begins some entry, by one more token, to the next n-gram.

Nodes of this trie are numbered: a one-token node has its token's number, longer ones follow. A slot is two uint64:
the key (parent node in the high half, token in the low half; exact, so nothing is left to verify) and the value
(child node in the low half with `HAS_CHILDREN` in its top bit, its `mark` in the high half).
"""

import numpy as np

from tasks.matching.compiled import compiled

SLOT = 2
FREE = np.uint64(0xFFFFFFFFFFFFFFFF)
HAS_CHILDREN = np.uint64(0x80000000)
NODE = np.uint64(0x7FFFFFFF)

_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xD6E8FEB86659FD93)


@compiled
def find_continuation(table, mask, node, token):
    """The slot of `(node, token)`, or minus the free slot where it belongs, less one."""
    key = (np.uint64(node) << np.uint64(32)) | np.uint64(token)
    mixed = (key ^ (key >> np.uint64(32))) * _MIX_A
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX_B
    slot = np.int64((mixed >> np.uint64(32)) & np.uint64(mask))
    while True:
        found = table[slot * SLOT]
        if found == key:
            return slot
        if found == FREE:
            return -slot - 1
        slot = (slot + 1) & mask


@compiled
def filter_bit(token):
    """The one bit of a 64-bit Bloom filter that stands for a following token."""
    return np.uint64(1) << ((np.uint64(token) * _MIX_A) >> np.uint64(58))
