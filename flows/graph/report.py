"""The report over everything that was made."""

from collections.abc import Mapping

from flows.config import PipelineConfig
from flows.engine import Engine
from flows.graph.curate import Curation, Ref
from flows.graph.train import Training
from tasks.reporting.config import Cell
from tasks.reporting.task import report


def report_graph(
    engine: Engine, config: PipelineConfig, curation: Curation, training: Training, scores: Mapping[Cell, Ref]
) -> Ref:
    """The report over everything that was made."""
    return engine.submit(
        report, config.report, list(curation.pairs), curation.entries, list(curation.matches), curation.balanced,
        curation.selection, curation.curated,
        tuple(training.geometry), list(training.geometry.values()),
        tuple(trained.run for trained in training.models), [trained.model for trained in training.models],
        tuple(scores), list(scores.values()),
        label="report",
    )  # fmt: skip
