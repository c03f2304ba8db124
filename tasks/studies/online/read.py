"""What the study `online` reads of other stages' outputs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from storage.tables.shards import read_table
from tasks.arrays import Floats, Ids
from tasks.studies.online.targeted import RowKeywords, keywords_of


def read_keywords(ids: Ids, matches: Sequence[Path]) -> RowKeywords:
    """The keywords of rows, from `matches-*.parquet`."""
    table = read_table(matches, ["id", "entries"]).combine_chunks()
    entries = table["entries"].combine_chunks()
    offsets = np.concatenate([[0], np.cumsum(entries.value_lengths().fill_null(0).to_numpy())])
    return keywords_of(ids, table["id"].to_numpy(), offsets, entries.flatten().to_numpy())


def read_target(entries: Path) -> Floats:
    """The target's shares of keywords, `[m]`."""
    target = read_table([entries], ["target"])["target"].to_numpy()
    shares: Floats = target / target.sum()
    return shares
