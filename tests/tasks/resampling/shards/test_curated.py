"""Curated shards: complete, in hash order, copies spread, whatever the shards of the collection were."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from storage.tables.schemas import CURATED
from storage.tables.shards import read_table
from tasks.balancing.config import CappedTarget, RakeConfig
from tasks.resampling.config import CurateConfig
from tests.tasks.balancing.builders import World
from tests.tasks.resampling.chains import files, run


def test_expanded_copies_are_all_there_and_spread(tmp_path: Path) -> None:
    found = run(tmp_path, World(), CurateConfig(expand=True, rows_per_shard=60))
    shards = files(tmp_path, found["curate"], "curated-*.parquet")
    table = read_table(shards)
    selection = read_table(files(tmp_path, found["select"], "selection.parquet"))
    wanted = dict(zip(*(selection.column(name).to_pylist() for name in ("id", "multiplicity"))))
    held: dict[int, int] = {}
    for id_ in table.column("id").to_pylist():
        held[id_] = held.get(id_, 0) + 1
    assert held == wanted and set(table.column("multiplicity").to_pylist()) == {1}
    most = max(wanted, key=wanted.__getitem__)
    assert wanted[most] >= 3
    inside = sum(most in read_table([shard]).column("id").to_pylist() for shard in shards)
    assert inside >= 2


def test_one_row_a_caption_with_its_multiplicity(tmp_path: Path) -> None:
    found = run(tmp_path, World(), CurateConfig(rows_per_shard=60))
    table = read_table(files(tmp_path, found["curate"], "curated-*.parquet"))
    assert table.schema.equals(CURATED)
    assert table.column("id").to_pylist() != sorted(table.column("id").to_pylist())
    assert sum(table.column("multiplicity").to_pylist()) == found["select"].stats["size"]


def test_out_of_core_selects_the_same_captions(tmp_path: Path) -> None:
    selections = []
    for out_of_core in (False, True):
        method = RakeConfig(target=CappedTarget(t=10), steps=6, out_of_core=out_of_core, takedown=(1,))
        found = run(tmp_path, World(shards=4), CurateConfig(), method)
        selections.append(read_table(files(tmp_path, found["select"], "selection.parquet")))
        assert found["balance"].stats["matched"] + found["balance"].stats["unmatched"] == 400
    for name in ("id", "multiplicity"):
        assert selections[0].column(name).to_pylist() == selections[1].column(name).to_pylist()
    np.testing.assert_allclose(*(table.column("weight").to_numpy() for table in selections), rtol=1e-12)
