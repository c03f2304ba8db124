"""Screening: repetitions among the pairs and leaks of the benchmarks, found and dropped before anything is balanced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.config.pipeline import PipelineConfig
from flows.config.plans import ScreeningPlan
from flows.engine import Engine
from storage.record.external import external
from storage.record.manifest import External
from tasks.embedding.task import benchmark_images, embed
from tasks.geometry.task import geometry
from tasks.ingest.task import benchmark
from tasks.screening.task import deduplicate, drop, leakage

Ref = Any
"""A stage's result that may not exist yet: a future, a manifest, or a pending place, as the engine has it."""


@dataclass(frozen=True)
class Leaks:
    """What one benchmark shares with the pairs: the output of `leakage`, and the benchmark's images as pairs."""

    found: Ref
    images: Ref


@dataclass(frozen=True)
class Screening:
    """What screening found. pairs: the groups that go on; dropped: the same where rows were dropped, else none."""

    pairs: Sequence[Ref]
    dropped: Sequence[Ref] = ()
    geometry: Ref | None = None
    duplicates: Ref | None = None
    leaks: Mapping[str, Leaks] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """A benchmark's place: a folder below an output or a path."""

    folder: str
    root: Ref | External


def datasets(engine: Engine, config: PipelineConfig) -> dict[str, Dataset]:
    """Where all benchmarks lie; those that the scenes source generates come from one run of `benchmark`."""
    scenes = next((source for source in config.sources if source.kind == "scenes"), None)
    generated = None
    if scenes and any(item.path is None for item in config.benchmarks):
        generated = engine.submit(benchmark, scenes, label="benchmark")
    return {
        item.name: Dataset("", external(item.path, config.runtime.store))
        if item.path
        else Dataset(item.name, generated)
        for item in config.benchmarks
    }


def screen_graph(
    engine: Engine, config: PipelineConfig, pairs: Sequence[Ref], places: Mapping[str, Dataset]
) -> Screening:
    """Leaks first, then repetitions among what is left, so that no row goes for the sake of one that goes too."""
    plan = config.screening
    if plan is None:
        return Screening(pairs)
    encoded = [
        _embed(engine, config, plan, shard, label=f"embed {index} for screening")
        for index, shard in enumerate(pairs if plan.near or plan.leakage else ())
    ]
    leaks = {
        item.name: _leaks(engine, config, plan, item.name, places[item.name], pairs, encoded)
        for item in config.compared
    }
    tree = duplicates = None
    if plan.near:
        tree = engine.submit(geometry, plan.geometry, encoded, None, label="geometry for screening")
    lists = [each.found for each in leaks.values()]
    if plan.deduplicate:
        duplicates = engine.submit(deduplicate, plan.deduplicate, list(pairs), tree, lists, label="deduplicate")
        lists = [*lists, duplicates]
    if not plan.drops:
        return Screening(pairs, (), tree, duplicates, leaks)
    kept = [engine.submit(drop, shard, lists, label=f"drop {index}") for index, shard in enumerate(pairs)]
    return Screening(kept, kept, tree, duplicates, leaks)


def _leaks(
    engine: Engine,
    config: PipelineConfig,
    plan: ScreeningPlan,
    name: str,
    place: Dataset,
    pairs: Sequence[Ref],
    encoded: Sequence[Ref],
) -> Leaks:
    images = engine.submit(benchmark_images, place.folder, place.root, label=f"images of {name}")
    tested = _embed(engine, config, plan, images, label=f"embed images of {name}")
    found = engine.submit(
        leakage, plan.leakage, place.folder, list(encoded), [tested], list(pairs), [images], place.root,
        label=f"leakage {name}",
    )  # fmt: skip
    return Leaks(found, images)


def _embed(engine: Engine, config: PipelineConfig, plan: ScreeningPlan, pairs: Ref, *, label: str) -> Ref:
    model = external(plan.encoder.model, config.runtime.store) if plan.encoder.model else None
    return engine.submit(embed, plan.encoder.settings, pairs, model, None, label=label)
