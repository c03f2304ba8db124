"""The stages in turn, from a made-up collection to curated shards, for the tests of this room."""

from __future__ import annotations

from pathlib import Path

from storage.record.manifest import Manifest
from storage.store.workspace import Runtime
from tasks.balancing.config import CappedTarget, RakeConfig
from tasks.balancing.task import balance
from tasks.resampling.config import CurateConfig, ResamplingConfig
from tasks.resampling.task import curate, select
from tests.tasks.balancing.builders import World, build

RAKE = RakeConfig(target=CappedTarget(t=10))


def run(
    store: Path, world: World, curation: CurateConfig, method: object = RAKE, size: int = 600
) -> dict[str, Manifest]:
    pairs, matches, entries = build(world, store)
    runtime = Runtime(store=store)
    balanced = balance.run(method, entries, [matches], runtime=runtime)
    selected = select.run(ResamplingConfig(size=size, seed=1), balanced, [matches], runtime=runtime)
    curated = curate.run(curation, selected, [pairs], [matches], runtime=runtime)
    return {"pairs": pairs, "matches": matches, "balance": balanced, "select": selected, "curate": curated}


def files(store: Path, manifest: Manifest, pattern: str) -> list[Path]:
    return sorted((store / manifest.stage / manifest.key).glob(pattern))
