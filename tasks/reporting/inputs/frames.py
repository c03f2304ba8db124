"""Parquet files as polars frames."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from storage.tables.shards import read_table


def read_frame(paths: Sequence[Path], columns: Sequence[str] | None = None) -> pl.DataFrame:
    """All rows of some shards, in the order given; `columns` None reads every column."""
    frame = pl.from_arrow(read_table(paths, columns))
    assert isinstance(frame, pl.DataFrame)
    return frame
