"""Groups of pairs that count as the same, chosen for the eye."""

from pathlib import Path

import polars as pl

from storage.tables.shards import write_table
from tasks.reporting.sections.geometry.duplicate_groups import show_groups
from tests.tasks.reporting.conftest import pairs_table


def test_every_kind_of_group_is_shown_the_largest_first(tmp_path: Path) -> None:
    write_table(tmp_path / "pairs-00000.parquet", pairs_table())
    ids = pairs_table()["id"].to_pylist()
    rows = [(10, 9, "equal pair"), (11, 9, "equal pair"), (13, 12, "equal pair"), (15, 14, "near-duplicate")]
    dropped = pl.DataFrame(
        {"id": [ids[a] for a, _, _ in rows], "kept": [ids[b] for _, b, _ in rows], "reason": [r for _, _, r in rows]},
        schema={"id": pl.UInt64, "kept": pl.UInt64, "reason": pl.String},
    )
    shown = show_groups(dropped, [tmp_path / "pairs-00000.parquet"], shown=2, side=32)
    assert [(group.kept.identity, group.rows, group.reasons) for group in shown] == [
        (ids[9], 3, ("equal pair",)), (ids[14], 2, ("near-duplicate",))
    ]  # fmt: skip
    assert [each.identity for each in shown[0].others] == [ids[10], ids[11]]
    assert show_groups(dropped.clear(), [tmp_path / "pairs-00000.parquet"], shown=2, side=32) == ()
