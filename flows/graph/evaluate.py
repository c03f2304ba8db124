"""Evaluation: every model on every benchmark."""

from flows.config import PipelineConfig
from flows.engine import Engine
from flows.graph.curate import Ref
from flows.graph.train import Training
from storage.external import external
from storage.manifest import External
from tasks.evaluation.task import evaluate
from tasks.ingest.task import benchmark
from tasks.reporting.config import Cell


def evaluate_graph(engine: Engine, config: PipelineConfig, training: Training) -> dict[Cell, Ref]:
    """Every model on every benchmark."""
    if not config.evaluation:
        return {}
    settings = config.evaluation.settings
    datasets = _datasets(engine, config)
    return {
        Cell(variant=trained.run.variant, seed=trained.run.seed, benchmark=name): engine.submit(
            evaluate, settings, folder, trained.model, dataset, trained.base,
            label=f"evaluate {trained.run.variant}, seed {trained.run.seed}, {name}",
        )
        for trained in training.models
        for name, (folder, dataset) in datasets.items()
    }  # fmt: skip


def _datasets(engine: Engine, config: PipelineConfig) -> dict[str, tuple[str, Ref | External]]:
    assert config.evaluation
    scenes = next((source for source in config.sources if source.kind == "scenes"), None)
    generated = None
    if scenes and any(item.path is None for item in config.evaluation.benchmarks):
        generated = engine.submit(benchmark, scenes, label="benchmark")
    return {
        item.name: ("", external(item.path, config.runtime.store)) if item.path else (item.name, generated)
        for item in config.evaluation.benchmarks
    }
