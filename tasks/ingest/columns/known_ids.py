"""A set of ids in compiled code: which of many were there before."""

from collections.abc import Iterable

import numpy as np

from tasks.arrays import Bools, Ids
from tasks.compiled import compiled

_SMALLEST = 1 << 10


class KnownIds:
    """A set of 64-bit hashes by open addressing. Memory: 18 to 36 bytes an id, while it grows half as much again."""

    def __init__(self) -> None:
        self._ids, self._used = np.zeros(_SMALLEST, np.uint64), np.zeros(_SMALLEST, np.bool_)
        self._count = 0

    def add(self, ids: Ids) -> Bools:
        """Put the ids in; which were there already, or earlier among `ids`, bool `[n]`."""
        while 2 * (self._count + len(ids)) > len(self._ids):
            self._grow()
        known = np.empty(len(ids), np.bool_)
        _look(self._ids, self._used, ids, True, known)
        self._count += int(np.count_nonzero(~known))
        return known

    def has(self, ids: Ids) -> Bools:
        """Which of the ids are in the set, bool `[n]`."""
        known = np.empty(len(ids), np.bool_)
        _look(self._ids, self._used, ids, False, known)
        return known

    def _grow(self) -> None:
        held = self._ids[self._used]
        self._ids, self._used = np.zeros(2 * len(self._ids), np.uint64), np.zeros(2 * len(self._ids), np.bool_)
        _look(self._ids, self._used, held, True, np.empty(len(held), np.bool_))


def seen_before(own: Iterable[Ids], earlier: Iterable[Ids]) -> KnownIds:
    """The `own` ids of a group that occur among `earlier` ones, whose number costs time and no memory."""
    wanted, seen = KnownIds(), KnownIds()
    for ids in own:
        wanted.add(ids)
    for ids in earlier:
        seen.add(ids[wanted.has(ids)])
    return seen


@compiled
def _look(table: Ids, used: Bools, ids: Ids, insert: bool, known: Bools) -> None:
    """`known [n]`: which ids stand in the table, of a power of two of places; with `insert` they do afterwards."""
    last = np.uint64(len(table) - 1)
    for row in range(len(ids)):
        place = ids[row] & last
        while used[place] and table[place] != ids[row]:
            place = (place + np.uint64(1)) & last
        known[row] = used[place]
        if insert and not used[place]:
            used[place] = True
            table[place] = ids[row]
