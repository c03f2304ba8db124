"""Which examples a training draws from, and how often each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.tables.ids import as_ids
from storage.tables.lookup import left, places_in
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


@dataclass(frozen=True)
class Drawing:
    """How often each row of the shards is drawn.

    Attributes:
        selection: copies by id; None takes the shards' own column where there is one, and one copy elsewhere.
        column: name of the shards' own column of copies.
        gone: ids, ascending, of rows that are left out.
    """

    selection: Selection | None = None
    column: str = "multiplicity"
    gone: Ids | None = None

    def columns(self, path: Path) -> list[str]:
        """What a shard must be asked for besides its ids."""
        return [self.column] if self.selection is None and self.column in pq.read_schema(path).names else []

    def copies(self, rows: pa.RecordBatch | pa.Table) -> Floats:
        """Copies an epoch of rows that were read with `id` and `columns`, float64 `[n]`; 0: not drawn."""
        ids = rows["id"].to_numpy()
        if self.selection is not None:
            copies = self.selection(ids)
        elif self.column in rows.schema.names:
            copies = rows[self.column].to_numpy().astype(np.float64)
        else:
            copies = np.ones(len(ids))
        return np.where(left(ids, self.gone), copies, 0.0)

    def total(self, paths: Sequence[Path]) -> int:
        """At most how many rows of the shards are drawn."""
        if self.selection is not None:
            return len(self.selection.ids)
        return sum(pq.read_metadata(path).num_rows for path in paths)

    def check(self, ids: Ids, skipped: int) -> None:
        """Raise `InputError` where one of the ids that were read, ascending, came twice, or a selected one is missing.

        skipped: how many selected rows had no image.
        """
        twice = ids[1:][ids[1:] == ids[:-1]]
        if len(twice):
            raise InputError(f"id {twice[0]} is in the given pairs more than once; give every source once")
        if not len(ids):
            raise InputError("there are no examples to train on: no selected row has an image")
        selection = self.selection
        if selection is not None and len(ids) + skipped < len(wanted := selection.ids[left(selection.ids, self.gone)]):
            missing = np.setdiff1d(wanted, ids)
            raise InputError(
                f"{len(wanted) - len(ids) - skipped} selected ids are not in the given pairs "
                f"(among them perhaps {missing[0]}); give all the pairs that the selection was made from"
            )
