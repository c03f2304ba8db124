"""A set of ids: which of many were there before."""

from collections.abc import Iterable

import numpy as np

from tasks.arrays import Bools, Ids

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
        known = self._look(ids, insert=True)
        self._count += int(np.count_nonzero(~known))
        return known

    def has(self, ids: Ids) -> Bools:
        """Which of the ids are in the set, bool `[n]`."""
        return self._look(ids, insert=False)

    def _look(self, ids: Ids, *, insert: bool) -> Bools:
        from tasks.ingest.columns.id_table import look  # compiled code, which `status` need not load

        known = np.empty(len(ids), np.bool_)
        look(self._ids, self._used, ids, insert, known)
        return known

    def _grow(self) -> None:
        held = self._ids[self._used]
        self._ids, self._used = np.zeros(2 * len(self._ids), np.uint64), np.zeros(2 * len(self._ids), np.bool_)
        self._look(held, insert=True)


def seen_before(own: Iterable[Ids], earlier: Iterable[Ids]) -> KnownIds:
    """The `own` ids of a group that occur among `earlier` ones, whose number costs time and no memory."""
    wanted, seen = KnownIds(), KnownIds()
    for ids in own:
        wanted.add(ids)
    for ids in earlier:
        seen.add(ids[wanted.has(ids)])
    return seen
