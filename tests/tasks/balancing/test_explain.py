"""Stories of single captions, told from the files of a balance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.balancing.config import CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.explain import BalancingStory, explain_balancing, keywords_of
from tasks.balancing.stats import BalanceStats
from tasks.balancing.task import balance
from tests.tasks.balancing.builders import World, build, keyword_lists, world_ids

WORLD = World(rows=120, shards=3)
LISTS = dict(zip(world_ids(WORLD).tolist(), keyword_lists(WORLD), strict=True))


class Told:
    """A balance in a store, and the story of each id."""

    def __init__(self, store: Path, config: object) -> None:
        _, matches, entries = build(WORLD, store)
        self.manifest = balance.run(config, entries, [matches], runtime=Runtime(store=store))
        self.folder = store / "balance" / self.manifest.key
        self.matches = sorted((store / matches.stage / matches.key).glob("matches-*.parquet"))

    def __call__(self, id_: int) -> BalancingStory:
        stats = BalanceStats.of(self.manifest)
        return explain_balancing(id_, balanced=self.folder, stats=stats, matches=self.matches)


@pytest.mark.parametrize("initial", ["rows", "pairs"])
@pytest.mark.parametrize("steps", [("y",), ("x", "y", "x")])
def test_the_last_step_gives_the_weight_that_was_written(tmp_path: Path, steps: tuple, initial: str) -> None:
    told = Told(tmp_path, RakeConfig(target=CappedTarget(t=9), steps=steps, initial=initial))
    weights = read_table(sorted(told.folder.glob("weights-*.parquet")))
    scale = weights.column("weight").to_numpy().mean()
    for id_, weight in list(zip(*(weights.column(name).to_pylist() for name in ("id", "weight"))))[:25]:
        story = told(id_)
        assert [keyword.entry for keyword in story.keywords] == LISTS[id_] and story.dropped is None
        assert story.weight == weight and [step.side for step in story.steps] == ["start", *steps]
        if steps[-1] == "x":
            assert story.steps[-1].weight == pytest.approx(weight * scale, rel=1e-12)
        assert story.keywords[0].text == f"word{LISTS[id_][0]}" and story.keywords[0].realised is None


def test_a_threshold_has_expected_copies_and_no_steps(tmp_path: Path) -> None:
    told = Told(tmp_path, ThresholdConfig(t=3))
    id_ = next(i for i, words in LISTS.items() if words)
    story = told(id_)
    assert story.steps == () and 0 < story.expected_copies <= 1


def test_why_a_caption_has_no_weight(tmp_path: Path) -> None:
    bare = next(i for i, words in LISTS.items() if not words)
    gone = next(i for i, words in LISTS.items() if words)
    told = Told(tmp_path, RakeConfig(takedown=(gone,)))
    assert "matches no keyword" in told(bare).dropped
    assert "taken down" in told(gone).dropped and told(gone).keywords
    assert "never ingested" in told(12345).dropped


def test_keywords_of_an_id_in_any_shard(tmp_path: Path) -> None:
    matches = Told(tmp_path, RakeConfig()).matches
    for id_ in (*list(LISTS)[:3], *list(LISTS)[-3:]):
        assert keywords_of(id_, matches).tolist() == LISTS[id_]
        assert keywords_of(np.uint64(id_), matches).tolist() == LISTS[id_]
    assert keywords_of(1, matches) is None
