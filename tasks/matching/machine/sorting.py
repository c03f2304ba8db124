"""Sorting the few keywords of one caption (compiled)."""

import numpy as np

from tasks.arrays import Keywords
from tasks.compiled import Integer, compiled
from tasks.matching.machine.intrinsics import address_of, sort_lanes

LANES = 32
"""How many `sort_unique` sorts at once, if there is as much room behind them."""

_MANY = 192
_HOLE = np.uint32(0xFFFFFFFF)

_sort_8, _sort_16, _sort_32 = sort_lanes(8), sort_lanes(16), sort_lanes(LANES)


@compiled
def sort_unique(values: Keywords, begin: Integer, end: Integer) -> Integer:
    """Sort `values[begin:end]` (uint32, none of them 2**32 - 1) in place, drop repetitions; returns how many are left.

    Up to `LANES` are sorted without a branch, if there is room for as many from `end` on: these are overwritten. Up to
    `_MANY` are placed by rank, the number of smaller ones: quadratic, but a vector compares sixteen at a time and
    nothing is mispredicted; equal ones fall into one place and leave holes.
    """
    count = end - begin
    if count <= LANES and end + LANES <= values.size:
        for lane in range(LANES):
            values[end + lane] = _HOLE
        place = address_of(values) + 4 * begin
        if count <= 8:
            repeated = _sort_8(place)
        elif count <= 16:
            repeated = _sort_16(place)
        else:
            repeated = _sort_32(place)
        # Holes are last, and equal one another: they do not count.
        repeated &= (np.uint64(1) << np.uint64(count)) - np.uint64(1)
        if repeated == 0:
            return count
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
    kept = 1
    for place in range(begin + 1, end):
        value = values[place]
        known = value == values[begin + kept - 1]
        values[begin + kept] = value
        kept += not known
    return kept
