"""Sorting the few keywords of one caption (compiled)."""

import numpy as np

from tasks.arrays import Keywords
from tasks.compiled import Integer, compiled

_FEW = 12
_MANY = 192
_HOLE = np.uint32(0xFFFFFFFF)


@compiled
def sort_unique(values: Keywords, begin: Integer, end: Integer) -> Integer:
    """Sort `values[begin:end]` (uint32, none of them 2**32 - 1) in place, drop repetitions; returns how many are left.

    A handful is inserted one by one. Up to `_MANY` are placed by rank, the number of smaller ones: quadratic, but a
    vector compares sixteen at a time and nothing is mispredicted; equal ones fall into one place and leave holes.
    """
    count = end - begin
    if count <= _FEW:
        for place in range(begin + 1, end):
            value = values[place]
            hole = place
            while hole > begin and values[hole - 1] > value:
                values[hole] = values[hole - 1]
                hole -= 1
            values[hole] = value
    elif count <= _MANY:
        ranked = np.full(count, _HOLE, dtype=np.uint32)
        for place in range(begin, end):
            value = values[place]
            rank = np.uint32(0)
            for other in range(begin, end):
                rank += np.uint32(values[other] < value)
            ranked[rank] = value
        kept = 0
        for place in range(count):
            values[begin + kept] = ranked[place]
            kept += ranked[place] != _HOLE
        return kept
    else:
        values[begin:end].sort()
    if count == 0:
        return 0
    kept = 1
    for place in range(begin + 1, end):
        value = values[place]
        repeated = value == values[begin + kept - 1]
        values[begin + kept] = value
        kept += not repeated
    return kept
