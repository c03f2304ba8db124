"""The counts of one group's draw, and the keyword table with what was realised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.schemas import ENTRIES
from storage.tables.shards import read_table
from tasks.resampling.selection.choose import Tally
from tasks.resampling.selection.realised import Realised
from tasks.resampling.stats import SelectStats

DRAWN = pa.schema([("entry", pa.uint32()), ("copies", pa.int64()), ("split", pa.int64())])


def drawn_table(tally: Tally) -> pa.Table:
    """Keywords that drawn captions hold: their copies, and the same split over each caption's keywords."""
    held = np.flatnonzero(tally.counts)
    return pa.table([held.astype(np.uint32), tally.counts[held], tally.split[held]], schema=DRAWN)


def add_groups(columns: int, groups: Sequence[tuple[Path, SelectStats]]) -> Tally:
    """The counts of all groups together, from each group's `drawn.parquet` and figures."""
    total = Tally(np.zeros(columns, np.int64), np.zeros(columns, np.int64))
    for path, stats in groups:
        table = read_table(path)
        held = table.column("entry").to_numpy()
        total.counts[held] += table.column("copies").to_numpy()
        total.split[held] += table.column("split").to_numpy()
        total.size += stats.size
        total.distinct += stats.distinct
        total.squares += stats.squares
        total.largest = max(total.largest, stats.largest_multiplicity)
    return total


def with_realised(keywords: pa.Table, found: Realised) -> pa.Table:
    """The keyword table with its `realised` column filled."""
    place = keywords.schema.get_field_index("realised")
    return keywords.set_column(place, "realised", pa.array(found.marginal)).cast(ENTRIES)
