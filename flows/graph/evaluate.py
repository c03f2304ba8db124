"""Evaluation: every model on every benchmark."""

from collections.abc import Mapping

from flows.config.pipeline import PipelineConfig
from flows.config.plans import Benchmark
from flows.engine.engine import Engine, Ref
from flows.graph.benchmarks import Dataset
from tasks.evaluation.task import encode_benchmark, evaluate, evaluate_heads
from tasks.reporting.config import Cell
from tasks.reporting.inputs.stage_outputs import Scored, Trained, Training


def evaluate_graph(
    engine: Engine, config: PipelineConfig, training: Training, places: Mapping[str, Dataset]
) -> list[Scored]:
    """Every model on every benchmark; a benchmark is encoded once for all the heads on one encoder."""
    plan = config.evaluation
    if not plan:
        return []
    encoded: dict[str, Ref] = {}

    def scores(trained: Trained, item: Benchmark) -> Ref:
        place = places[item.name]
        label = f"evaluate {trained.run.variant}, seed {trained.run.seed}, {item.name}"
        if trained.base is None:
            return engine.submit(
                evaluate,
                label=label,
                config=plan.settings,
                benchmark=place.folder,
                model=trained.model,
                dataset=place.root,
            )
        if item.name not in encoded:  # a run has one encoder
            encoded[item.name] = engine.submit(
                encode_benchmark,
                label=f"encode {item.name}",
                config=plan.settings,
                benchmark=place.folder,
                encoder=trained.base,
                dataset=place.root,
            )
        return engine.submit(
            evaluate_heads, label=label, config=plan.settings, model=trained.model, encoded=encoded[item.name]
        )

    return [
        Scored(Cell(variant=trained.run.variant, seed=trained.run.seed, benchmark=item.name), scores(trained, item))
        for trained in training.models
        for item in plan.benchmarks
    ]
