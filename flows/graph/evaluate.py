"""Evaluation: every model on every benchmark."""

from collections.abc import Mapping

from flows.config.pipeline import PipelineConfig
from flows.engine.engine import Engine
from flows.graph.benchmarks import Dataset
from tasks.evaluation.task import evaluate
from tasks.reporting.config import Cell
from tasks.reporting.inputs.stage_outputs import Scored, Training


def evaluate_graph(
    engine: Engine, config: PipelineConfig, training: Training, places: Mapping[str, Dataset]
) -> list[Scored]:
    """Every model on every benchmark."""
    if not config.evaluation:
        return []
    return [
        Scored(
            Cell(variant=trained.run.variant, seed=trained.run.seed, benchmark=item.name),
            engine.submit(
                evaluate,
                label=f"evaluate {trained.run.variant}, seed {trained.run.seed}, {item.name}",
                config=config.evaluation.settings,
                benchmark=places[item.name].folder,
                model=trained.model,
                dataset=places[item.name].root,
                base=trained.base,
            ),
        )
        for trained in training.models
        for item in config.evaluation.benchmarks
    ]
