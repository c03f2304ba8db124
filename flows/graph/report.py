"""The report over everything that was made."""

from collections.abc import Sequence

from flows.config.pipeline import PipelineConfig
from flows.engine.engine import Engine, Ref
from flows.graph.words import headed
from tasks.reporting.inputs.stage_outputs import Curation, Scored, Screening, Training
from tasks.reporting.task import report


def report_graph(
    engine: Engine,
    config: PipelineConfig,
    screening: Screening,
    curation: Curation,
    training: Training,
    scores: Sequence[Scored],
) -> Ref:
    """The report over everything that was made."""
    return engine.submit(
        report,
        label="report",
        config=headed(config.report, config.name),
        screening=screening,
        curation=curation,
        training=training,
        scores=scores,
        checks=config.checks,
    )
