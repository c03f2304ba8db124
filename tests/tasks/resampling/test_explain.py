"""Stories of captions: what was drawn, where it lies, or why it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.balancing.config import CappedTarget, RakeConfig, UniformTarget
from tasks.balancing.explain import explain_balancing
from tasks.balancing.stats import BalanceStats
from tasks.balancing.task import balance
from tasks.resampling.config import CurateConfig, ResamplingConfig
from tasks.resampling.explain import explain_selection
from tasks.resampling.sampling.draw import draw
from tasks.resampling.selection.tables import read_weights
from tasks.resampling.stats import SelectStats
from tasks.resampling.task import select
from tests.tasks.balancing.builders import World, build, keyword_lists, world_ids
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
                config=ResamplingConfig(size=100, seed=1),
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


@pytest.mark.parametrize("method", ["poisson", "residual", "multinomial", "systematic"])
def test_expected_copies_are_those_of_the_draw(tmp_path: Path, method: str) -> None:
    """Also where `most_copies` binds: a story of 3.7 expected copies of which two were made would be no story."""
    config = ResamplingConfig(method=method, size=80, seed=2, most_copies=65535 if method == "multinomial" else 2)
    _, matches, entries = build(World(rows=60), tmp_path)
    balanced = balance.run(RakeConfig(target=UniformTarget()), entries, [matches], runtime=Runtime(store=tmp_path))
    if method == "poisson":
        config = config.model_copy(update={"size": 40})
    selected = select.run(config, balanced, [matches], runtime=Runtime(store=tmp_path))
    paths = files(tmp_path, balanced, "weights-*.parquet")
    weights = read_weights(paths)
    drawn = draw(
        weights.ids,
        weights.weight,
        method=method,
        size=config.size,
        seed=2,
        most=config.most_copies,
        order=np.arange(len(weights.ids)),
    )
    assert method == "multinomial" or drawn.expected.max() == (1 if method == "poisson" else 2)
    for place, id_ in enumerate(weights.ids.tolist()):
        story = explain_selection(
            id_,
            weights=paths,
            selection=files(tmp_path, selected, "selection.parquet")[0],
            stats=SelectStats.of(selected),
            config=config,
        )
        assert story.expected_copies == pytest.approx(drawn.expected[place], rel=1e-12)
        assert (story.multiplicity == 0) == (story.dropped is not None)
        if method != "systematic":
            assert story.multiplicity == drawn.multiplicity[place]
