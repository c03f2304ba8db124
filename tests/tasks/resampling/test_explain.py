"""Stories of captions: what was drawn, where it lies, or why it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.tables.shards import read_table
from tasks.balancing.config import BalancingConfig, RakeConfig, ThresholdConfig, UniformTarget
from tasks.balancing.law.law import NUMBERS, VECTORS, Law
from tasks.balancing.matrix.incidence import incidence_of
from tasks.resampling.config import CurateConfig, ResamplingConfig
from tasks.resampling.explain import SelectionStory, expected_copies, explain_selection
from tasks.resampling.sampling.draw import draw
from tasks.resampling.stats import ScaleStats
from tests.tasks.balancing.builders import World, keyword_lists, world_ids
from tests.tasks.resampling.chains import Chain, run


def lists_of(world: World) -> dict[int, list[int]]:
    return dict(zip(world_ids(world).tolist(), keyword_lists(world), strict=True))


class Told:
    """The stories of a chain's captions."""

    def __init__(self, found: Chain, world: World, config: ResamplingConfig) -> None:
        self.stats, self.config = ScaleStats.of(found.scaled), config
        self.chosen = {row["id"]: row for row in found.selection.to_pylist()}
        self.curated = found.files(found.curated, "*.parquet")
        self.lists = lists_of(world)
        matrix = incidence_of(self.lists.values(), world.keywords)
        folder = found.files(found.balanced, VECTORS)[0].parent
        weights = Law.read(folder / VECTORS, folder / NUMBERS).weights(matrix.indptr, matrix.indices)
        self.weights = {
            id_: weight if held else None
            for (id_, held), weight in zip(self.lists.items(), weights.tolist(), strict=True)
        }

    def __call__(self, id_: int) -> SelectionStory:
        return explain_selection(
            id_,
            self.weights[id_],
            self.chosen.get(id_),
            stats=self.stats,
            config=self.config,
            curated=self.curated,
        )


def test_stories_of_kept_dropped_and_unmatched_captions(tmp_path: Path) -> None:
    config = ResamplingConfig(size=100, seed=1)
    found = run(tmp_path, World(), CurateConfig(rows_per_shard=20, validation=0.2), resampling=config, groups=2)
    told = Told(found, World(), config)
    fates = {"kept": 0, "dropped": 0, "unmatched": 0}
    for id_, held in list(told.lists.items())[:80]:
        story = told(id_)
        if not held:
            fates["unmatched"] += 1
            assert "no weight" in story.dropped and story.weight is None
            continue
        whole = int(np.floor(story.expected_copies))
        assert story.multiplicity == whole + (story.draw < story.expected_copies - whole)
        if story.multiplicity:
            fates["kept"] += 1
            shard = next(path for path in told.curated if path.name == story.shard)
            assert read_table([shard]).column("id")[story.row].as_py() == id_ and story.dropped is None
        else:
            fates["dropped"] += 1
            assert story.dropped.startswith("not drawn") and story.shard is None
    assert min(fates.values()) > 0


@pytest.mark.parametrize("method", [RakeConfig(target=UniformTarget()), ThresholdConfig(t=4)])
@pytest.mark.parametrize("draws", ["poisson", "residual", "multinomial", "systematic"])
@pytest.mark.parametrize("sized", [True, False])
def test_expected_copies_are_those_of_the_draw(
    tmp_path: Path, draws: str, sized: bool, method: BalancingConfig
) -> None:
    """Also where `most_copies` binds: a story of 3.7 expected copies of which two were made would be no story."""
    world, most = World(rows=60), 65535 if draws == "multinomial" else 2
    size = None if not sized else 40 if draws == "poisson" else 80
    config = ResamplingConfig(method=draws, size=size, seed=2, most_copies=most)
    found = run(tmp_path, world, None, method, config)
    told = Told(found, world, config)
    ids = [id_ for id_, held in told.lists.items() if held]
    weights = np.array([told.weights[id_] for id_ in ids])
    own = weights * told.stats.mean if method.method == "threshold" else None
    drawn = draw(ids, weights, method=draws, size=size, seed=2, most=most, inclusion=own)
    for place, id_ in enumerate(ids):
        story = told(id_)
        assert story.expected_copies == pytest.approx(drawn.expected[place], rel=1e-10)
        assert (story.multiplicity == 0) == (story.dropped is not None)
        assert (story.draw is None) == (draws in ("multinomial", "systematic"))
        if draws != "systematic":
            assert story.multiplicity == drawn.multiplicity[place]


def test_expectations_follow_the_figures() -> None:
    figures = {"method": "residual", "scale": 3.0, "limit": 2.0, "mean": 0.5, "wanted": 1, "expected_size": 1.0}
    stats = ScaleStats(**figures, own_inclusion=False)
    assert expected_copies(0.5, stats) == 1.5 and expected_copies(5.0, stats) == 2.0
    assert expected_copies(5.0, stats.model_copy(update={"limit": None})) == 15.0
    assert expected_copies(5.0, stats.model_copy(update={"own_inclusion": True})) == 2.5
