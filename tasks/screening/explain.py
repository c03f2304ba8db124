"""Why one row was dropped before balancing, and for which row's sake."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.shards import read_table


@dataclass(frozen=True)
class DroppingStory:
    """What screening did to one row.

    by: the run that dropped it (`deduplicate`, `leakage shape`), None for a row that stays; reason: as in
    `rejected.parquet`; kept: the id that stays in its stead, None where none does; distance, evaluation: of the nearest
    evaluation image and its id, where they were listed; replaces: ids that were dropped for this row's sake.
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
            near = (
                _rows(read_table(folder / "leaks.parquet"), "id", id_) if (folder / "leaks.parquet").is_file() else []
            )
            return DroppingStory(
                run,
                rows[0]["reason"],
                rows[0]["kept"],
                near[0]["distance"] if near else None,
                near[0]["evaluation"] if near else None,
            )
        replaces += [row["id"] for row in _rows(dropped, "kept", id_)]
    return DroppingStory(replaces=tuple(replaces))


def _rows(table: pa.Table, column: str, id_: int) -> list[dict]:
    rows: list[dict] = table.filter(pc.equal(table[column], pa.scalar(id_, pa.uint64()))).to_pylist()
    return rows
