"""Evaluation: every model on every benchmark."""

from flows.config.pipeline import PipelineConfig
from flows.engine import Engine
from flows.graph.curate import Curation
from flows.graph.screen import Ref, datasets
from flows.graph.train import Training
from tasks.evaluation.task import evaluate
from tasks.reporting.config import Cell


def evaluate_graph(engine: Engine, config: PipelineConfig, curation: Curation, training: Training) -> dict[Cell, Ref]:
    """Every model on every benchmark."""
    if not config.evaluation:
        return {}
    settings = config.evaluation.settings
    places = curation.datasets or datasets(engine, config)
    return {
        Cell(variant=trained.run.variant, seed=trained.run.seed, benchmark=item.name): engine.submit(
            evaluate, settings, places[item.name].folder, trained.model, places[item.name].root, trained.base,
            label=f"evaluate {trained.run.variant}, seed {trained.run.seed}, {item.name}",
        )
        for trained in training.models
        for item in config.evaluation.benchmarks
    }  # fmt: skip
