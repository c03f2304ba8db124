"""Stories of single captions, told from the files of a balance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.store.workspace import Runtime
from tasks.balancing.config import CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.explain import BalancingStory, explain_balancing
from tasks.balancing.law.law import NUMBERS, VECTORS, Law
from tasks.balancing.matrix.incidence import incidence_of
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
        self.law = Law.read(self.folder / VECTORS, self.folder / NUMBERS)

    def __call__(self, id_: int, held: list[int] | None) -> BalancingStory:
        return explain_balancing(
            id_,
            None if held is None else np.array(held, dtype=np.uint32),
            balanced=self.folder,
            stats=BalanceStats.of(self.manifest),
            entries=self.folder / "entries.parquet",
        )


@pytest.mark.parametrize("initial", ["rows", "pairs"])
@pytest.mark.parametrize("steps", [("y",), ("x", "y", "x")])
def test_the_last_step_gives_the_weight_of_the_law(tmp_path: Path, steps: tuple, initial: str) -> None:
    told = Told(tmp_path, RakeConfig(target=CappedTarget(t=9), steps=steps, initial=initial))
    matrix = incidence_of(LISTS.values(), WORLD.keywords)
    weights = told.law.weights(matrix.indptr, matrix.indices)
    for (id_, held), weight in list(zip(LISTS.items(), weights, strict=True))[:25]:
        story = told(id_, held)
        if not held:
            assert weight == 0.0 and story.weight is None
            continue
        assert [keyword.entry for keyword in story.keywords] == held and story.dropped is None
        assert story.weight == weight and [step.side for step in story.steps] == ["start", *steps]
        assert story.steps[-1].weight == pytest.approx(weight * told.law.mean * told.law.matched, rel=1e-12)
        assert story.keywords[0].text == f"word{held[0]}" and story.keywords[0].realised is None


def test_a_threshold_has_expected_copies_and_no_steps(tmp_path: Path) -> None:
    told = Told(tmp_path, ThresholdConfig(t=3))
    id_, held = next((i, words) for i, words in LISTS.items() if words)
    story = told(id_, held)
    counts = np.bincount([j for words in LISTS.values() for j in words], minlength=WORLD.keywords)
    missed = np.prod([1 - min(1, 3 / counts[j]) for j in held])
    assert story.expected_copies == pytest.approx(1 - missed, rel=1e-12)
    assert story.steps == () and 0 < story.expected_copies <= 1


def test_why_a_caption_has_no_weight(tmp_path: Path) -> None:
    told = Told(tmp_path, RakeConfig())
    for held, words in (([], "matches no keyword"), (None, "gone before matching")):
        story = told(7, held)
        assert words in story.dropped and story.weight is None and story.keywords == story.steps == ()
