"""The report over everything that was made."""

from collections.abc import Mapping
from pathlib import Path

from flows.config.pipeline import PipelineConfig
from flows.engine import Engine
from flows.graph.curate import Curation
from flows.graph.screen import Ref
from flows.graph.train import Training
from tasks.embedding.config import EmbeddingConfig
from tasks.reporting.config import Cell
from tasks.reporting.task import report


def report_graph(
    engine: Engine, config: PipelineConfig, curation: Curation, training: Training, scores: Mapping[Cell, Ref]
) -> Ref:
    """The report over everything that was made."""
    screening, leaks = curation.screening, curation.screening.leaks
    encoder, screener = config.encoder, config.screening.encoder if config.screening else None
    return engine.submit(
        report, config.report, list(curation.ingested), curation.entries, list(curation.matches), curation.balanced,
        curation.selection, curation.curated,
        tuple(training.geometry), list(training.geometry.values()),
        tuple(trained.run for trained in training.models), [trained.model for trained in training.models],
        tuple(scores), list(scores.values()),
        in_words(encoder.settings, encoder.model) if encoder else "", list(training.density.values()),
        in_words(screener.settings, screener.model) if screener else "",
        list(screening.dropped), screening.geometry, screening.duplicates,
        tuple(leaks), [each.found for each in leaks.values()], [each.images for each in leaks.values()],
        label="report",
    )  # fmt: skip


def in_words(settings: EmbeddingConfig, model: str | Path | None) -> str:
    """What an encoder is, as readers of the report are told; of a path only the last name."""
    if settings.encoder == "pixels":
        return f"thumbnails of {settings.pixel_side} × {settings.pixel_side} pixels"
    if model == "trained":
        return "the CLIP that this run trained on the original data"
    return f"the model {Path(model).name}" if model else "a CLIP with random weights"
