"""Which examples a training draws from, and how often each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from storage.tables.ids import as_ids
from storage.tables.lookup import places_in
from tasks.arrays import Floats, Ids, Integers


@dataclass(frozen=True)
class Selection:
    """Which ids are trained on, and how often an epoch: `ids` uint64 `[m]` ascending, `copies` float64 `[m]`, > 0."""

    ids: Ids
    copies: Floats

    @classmethod
    def of(cls, table: pa.Table, column: str = "multiplicity") -> "Selection":
        """From a table with an `id` and a column of copies; rows with none are left out."""
        copies = table[column].to_numpy().astype(np.float64)
        ids = table["id"].to_numpy().astype(np.uint64)[copies > 0]
        order = np.argsort(ids, kind="stable")
        return cls(ids[order], copies[copies > 0][order])

    def __call__(self, ids: Integers | Sequence[int]) -> Floats:
        """The copies of each id, float64, 0 for ids that are not selected."""
        copies = np.zeros(len(ids))
        places, found = places_in(self.ids, as_ids(ids))
        copies[found] = self.copies[places[found]]
        return copies
