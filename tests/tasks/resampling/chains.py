"""The stages in turn, from a made-up collection to curated shards, for the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from storage.record.manifest import Manifest
from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.balancing.config import BalancingConfig, CappedTarget, RakeConfig
from tasks.balancing.task import balance
from tasks.resampling.config import CurateConfig, ResamplingConfig, SubsampleConfig
from tasks.resampling.task import gather, realise, scale, scatter, select, subsample, thin
from tests.tasks.balancing.builders import World, make_matches, make_metadata, make_pairs

RAKE = RakeConfig(target=CappedTarget(t=10))
SIZED = ResamplingConfig(size=600, seed=1)


@dataclass(frozen=True)
class Chain:
    """What each stage left; those that run group by group as a list."""

    store: Path
    pairs: list[Manifest]
    matches: list[Manifest]
    balanced: Manifest
    scaled: Manifest
    selected: list[Manifest]
    realised: Manifest
    scattered: list[Manifest]
    curated: list[Manifest]
    cut: Manifest
    random: list[Manifest]

    def files(self, manifests: Manifest | Sequence[Manifest], pattern: str) -> list[Path]:
        each = [manifests] if isinstance(manifests, Manifest) else manifests
        return [path for one in each for path in sorted((self.store / one.stage / one.key).glob(pattern))]

    def table(self, manifests: Manifest | Sequence[Manifest], pattern: str) -> pa.Table:
        return read_table(self.files(manifests, pattern))

    @property
    def selection(self) -> pa.Table:
        """All drawn rows."""
        return self.table(self.selected, "selection-*.parquet")

    def shards(self, name: str = "curated") -> dict[str, bytes]:
        """The bytes of the curated shards, by name."""
        return {path.name: path.read_bytes() for path in self.files(self.curated, f"{name}-*.parquet")}


def run(
    store: Path,
    world: World,
    curation: CurateConfig | None = None,
    method: BalancingConfig = RAKE,
    resampling: ResamplingConfig = SIZED,
    *,
    groups: int = 1,
    gatherings: int = 1,
    workers: int = 1,
) -> Chain:
    """A world of some groups, all the way."""
    on, curation = {"runtime": Runtime(store=store, workers=workers)}, curation or CurateConfig()
    parts = [world.model_copy(update={"part": part, "parts": groups}) for part in range(groups)]
    pairs, matches = ([make.run(part, **on) for part in parts] for make in (make_pairs, make_matches))
    balanced = balance.run(method, make_metadata.run(world, **on), matches, **on)
    scaled = scale.run(resampling, balanced, matches, **on)
    selected = [select.run(resampling, balanced, scaled, each, **on) for each in matches]
    realised = realise.run(balanced, scaled, selected, pairs, **on)
    beside = zip(pairs, matches, selected, strict=True)
    scattered = [scatter.run(curation, realised, *each, **on) for each in beside]
    curated = [gather.run(curation, scattered, part, gatherings, **on) for part in range(gatherings)]
    control = SubsampleConfig(seed=resampling.seed)
    cut = subsample.run(control, matches, realised, **on)
    random = [thin.run(control, cut, each, **on) for each in matches]
    return Chain(store, pairs, matches, balanced, scaled, selected, realised, scattered, curated, cut, random)
