"""The table of a set of ids, by open addressing, in compiled code."""

import numpy as np

from tasks.arrays import Bools, Ids
from tasks.compiled import compiled


@compiled
def look(table: Ids, used: Bools, ids: Ids, insert: bool, known: Bools) -> None:
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
