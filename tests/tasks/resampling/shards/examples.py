"""Files of pairs, matches and selection side by side, for the tests of the shuffle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.schemas import MATCHES, PAIRS, SELECTION
from storage.tables.shards import write_table
from tests.tasks.resampling.sampling.examples import some_ids


@dataclass(frozen=True)
class Beside:
    """Three files of the same rows."""

    pairs: Path
    matches: Path
    selection: Path


ROWS = 600
IDS = some_ids(ROWS)
COPIES = np.random.default_rng(0).integers(0, 4, size=ROWS)  # a quarter is not selected
LISTS = [sorted({row % 7, row % 3}) for row in range(ROWS)]


def captions() -> pa.Table:
    """All pairs; every two of them share an image."""
    return pa.table(
        {
            "id": pa.array(IDS),
            "key": [f"row {row}" for row in range(ROWS)],
            "caption": pa.array([f"caption {row} " + "x" * (row % 50) for row in range(ROWS)], pa.large_string()),
            "image": [{"bytes": f"image {row // 2}".encode(), "path": None} for row in range(ROWS)],
            "label": pa.array([row % 10 for row in range(ROWS)], pa.int32()),
            "source": ["world"] * ROWS,
        }
    ).cast(PAIRS)


def chosen(copies: np.ndarray, start: int = 0) -> pa.Table:
    """The selection of some rows, the first of which has the number `start` in the whole."""
    held = np.flatnonzero(copies)
    columns = {
        "id": pa.array(IDS[start + held]),
        "weight": pa.array(copies[held] / 2),
        "inclusion": pa.array(np.full(len(held), 0.5)),
        "multiplicity": pa.array(copies[held], pa.uint16()),
        "row": pa.array(held, pa.uint32()),
    }
    return pa.table(columns, schema=SELECTION)


def write_beside(folder: Path, files: int) -> list[Beside]:
    """All rows in so many files."""
    folder.mkdir(parents=True, exist_ok=True)
    found, pairs = [], captions()
    matches = pa.table({"id": pa.array(IDS), "entries": LISTS}, schema=MATCHES)
    for number, rows in enumerate(np.array_split(np.arange(ROWS), files)):
        start, count = int(rows[0]), len(rows)
        each = Beside(*(folder / f"{name}-{number:05d}.parquet" for name in ("pairs", "matches", "selection")))
        write_table(each.pairs, pairs.slice(start, count))
        write_table(each.matches, matches.slice(start, count))
        write_table(each.selection, chosen(COPIES[rows], start))
        found.append(each)
    return found
