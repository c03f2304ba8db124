"""Uids in ascending order, in which any number of others are looked up."""

import numpy as np

from storage.tables.uids import Uids
from tasks.arrays import Bools, Int64s
from tasks.compiled import compiled


def in_order(uids: Uids) -> bool:
    """Whether uids `[n, 2]` ascend, equal ones side by side."""
    return bool(_in_order(uids))


def find(uids: Uids, wanted: Uids) -> tuple[Int64s, Int64s]:
    """Of each of `wanted [m, 2]` the first place among ascending `uids [n, 2]`, and how many there are from there."""
    first, count = np.empty(len(wanted), np.int64), np.empty(len(wanted), np.int64)
    _find(uids, wanted, first, count)
    return first, count


def firsts(uids: Uids) -> Bools:
    """Of ascending uids `[n, 2]` those that are not the one before, bool `[n]`."""
    marked = np.ones(len(uids), np.bool_)
    marked[1:] = (uids[1:] != uids[:-1]).any(axis=1)
    return marked


@compiled
def _in_order(uids: Uids) -> bool:
    for row in range(1, len(uids)):
        if uids[row, 0] < uids[row - 1, 0] or (uids[row, 0] == uids[row - 1, 0] and uids[row, 1] < uids[row - 1, 1]):
            return False
    return True


@compiled
def _find(uids: Uids, wanted: Uids, first: Int64s, count: Int64s) -> None:
    for row in range(len(wanted)):
        high, low = wanted[row, 0], wanted[row, 1]
        start, stop = 0, len(uids)
        while start < stop:  # the first that is not less
            middle = (start + stop) // 2
            if uids[middle, 0] < high or (uids[middle, 0] == high and uids[middle, 1] < low):
                start = middle + 1
            else:
                stop = middle
        first[row], end, stop = start, start, len(uids)
        while end < stop:  # the first that is greater
            middle = (end + stop) // 2
            if uids[middle, 0] == high and uids[middle, 1] == low:
                end = middle + 1
            else:
                stop = middle
        count[row] = end - start
