"""Where the benchmarks lie: at a path, or below the output of the scenes that generate them."""

from collections.abc import Mapping
from dataclasses import dataclass

from flows.config.pipeline import PipelineConfig
from flows.engine.engine import Engine, Ref
from storage.record.external import external
from storage.record.manifest import External
from tasks.ingest.task import benchmark


@dataclass(frozen=True)
class Dataset:
    """A benchmark's place: a folder below an output or a path."""

    folder: str
    root: Ref | External


def datasets(engine: Engine, config: PipelineConfig) -> Mapping[str, Dataset]:
    """Where all benchmarks lie, by name; those that the scenes source generates come from one run of `benchmark`."""
    scenes = next((source for source in config.sources if source.kind == "scenes"), None)
    generated = None
    if scenes and any(item.path is None for item in config.benchmarks):
        generated = engine.submit(benchmark, label="benchmark", config=scenes)
    return {
        item.name: Dataset("", external(item.path, config.runtime.store))
        if item.path
        else Dataset(item.name, generated)
        for item in config.benchmarks
    }
