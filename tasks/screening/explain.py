"""Why one row was dropped before balancing, and which row was kept for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.shards import read_table


@dataclass(frozen=True)
class DroppingStory:
    """What screening did to one row.

    Attributes:
        by: the run that dropped it (`deduplicate`, `leakage shape`); None for a row that stays.
        reason: as in `rejected.parquet`.
        kept: the id that was kept for it; None where there is none.
        distance: of the nearest evaluation image, where it was listed.
        evaluation: the id of that image.
        replaces: ids that were dropped because this row is kept.
    """

    by: str | None = None
    reason: str | None = None
    kept: int | None = None
    distance: float | None = None
    evaluation: int | None = None
    replaces: tuple[int, ...] = ()


def explain_dropping(id_: int, found: Mapping[str, Path]) -> DroppingStory:
    """The story of one id from the outputs of `leakage` and `deduplicate`, by run, in the order of the pipeline."""
    replaces: list[int] = []
    for run, folder in found.items():
        dropped = read_table(folder / "dropped.parquet")
        rows = _rows(dropped, "id", id_)
        if rows:
            leaks = folder / "leaks.parquet"
            near = _rows(read_table(leaks), "id", id_) if leaks.is_file() else []
            return DroppingStory(
                by=run,
                reason=rows[0]["reason"],
                kept=rows[0]["kept"],
                distance=near[0]["distance"] if near else None,
                evaluation=near[0]["evaluation"] if near else None,
            )
        replaces += [row["id"] for row in _rows(dropped, "kept", id_)]
    return DroppingStory(replaces=tuple(replaces))


def _rows(table: pa.Table, column: str, id_: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.filter(pc.equal(table[column], pa.scalar(id_, pa.uint64()))).to_pylist()
    return rows
