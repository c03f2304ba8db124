"""Sorting the few keywords of one caption (compiled)."""

import numpy as np

from tasks.arrays import Keywords
from tasks.compiled import Integer, compiled
from tasks.matching.machine.intrinsics import LANES, address_of, smaller_ones

_FEW = 12
_MANY = 192
_HOLE = np.uint32(0xFFFFFFFF)


@compiled
def sort_unique(values: Keywords, begin: Integer, end: Integer) -> Integer:
    """Sort `values[begin:end]` (uint32, none of them 2**32 - 1) in place, drop repetitions; returns how many are left.

    Up to `_MANY` are placed by rank, the number of smaller ones: quadratic, but a vector compares sixteen at a time and
    nothing is mispredicted; equal ones fall into one place and leave holes. What lies behind `end` is overwritten: up
    to `LANES` are ranked there, if there is room for twice as many from `begin` on, else a handful is inserted one by
    one.
    """
    count = end - begin
    if 1 < count <= LANES and begin + 2 * LANES <= values.size:
        ranks = begin + LANES
        for place in range(end, ranks + LANES):
            values[place] = _HOLE
        address = address_of(values) + values.itemsize * begin
        for place in range(begin, end):
            values[ranks + smaller_ones(address, values[place])] = values[place]
        kept = 0
        for place in range(ranks, ranks + count):
            values[begin + kept] = values[place]
            kept += values[place] != _HOLE
        return kept
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
