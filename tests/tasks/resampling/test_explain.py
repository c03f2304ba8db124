"""Stories of captions: what was drawn, where it lies, or why it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.tables.shards import read_table
from tasks.balancing.config import CappedTarget, RakeConfig
from tasks.balancing.explain import explain_balancing
from tasks.balancing.stats import BalanceStats
from tasks.resampling.config import CurateConfig
from tasks.resampling.explain import explain_selection
from tasks.resampling.stats import SelectStats
from tests.tasks.balancing.builders import World, keyword_lists, world_ids
from tests.tasks.resampling.chains import files, run


def test_stories_of_kept_dropped_and_unmatched_captions(tmp_path: Path) -> None:
    method = RakeConfig(target=CappedTarget(t=10), steps=("y", "x", "y"), initial="pairs")
    found = run(tmp_path, World(), CurateConfig(rows_per_shard=100), method, size=100)
    shards = files(tmp_path, found["matches"], "matches-*.parquet")
    weights = files(tmp_path, found["balance"], "weights-*.parquet")
    selection = files(tmp_path, found["select"], "selection.parquet")[0]
    kept = read_table([selection]).column("id").to_pylist()
    curated = files(tmp_path, found["curate"], "curated-*.parquet")

    def stories(id_: int):
        return (
            explain_balancing(
                id_,
                balanced=weights[0].parent,
                stats=BalanceStats.of(found["balance"]),
                matches=shards,
                entries=selection.parent / "entries.parquet",
            ),
            explain_selection(
                id_,
                weights=weights,
                selection=selection,
                stats=SelectStats.of(found["select"]),
                seed=1,
                curated=curated,
            ),
        )

    lists = dict(zip(world_ids(World()).tolist(), keyword_lists(World())))
    for id_, entries in lists.items():
        if id_ == list(lists)[40]:
            break
        balancing, chosen = stories(id_)
        assert [keyword.entry for keyword in balancing.keywords] == entries
        if not entries:
            assert "no keyword" in balancing.dropped and "no weight" in chosen.dropped
            continue
        assert [step.side for step in balancing.steps] == ["start", "y", "x", "y"]
        assert balancing.steps[-1].weight == pytest.approx(balancing.weight, rel=1e-12)
        assert balancing.keywords[0].realised is not None
        assert (chosen.multiplicity > 0) == (id_ in kept)
        whole = int(np.floor(chosen.expected_copies))
        assert chosen.multiplicity == whole + (chosen.draw < chosen.expected_copies - whole)
        if chosen.multiplicity:
            shard = next(path for path in curated if path.name == chosen.shard)
            assert read_table([shard]).column("id")[chosen.row].as_py() == id_ and chosen.dropped is None
        else:
            assert chosen.dropped.startswith("not drawn")
    assert "never ingested" in stories(99)[0].dropped
