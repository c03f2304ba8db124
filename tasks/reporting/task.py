"""The reporting stages: the report of a pipeline, and that of a self-supervised experiment."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.checks import Checks
from tasks.reporting.config import ReportConfig, SelfSupervisedReportConfig
from tasks.reporting.inputs.stage_outputs import Backbone, Curation, Probed, Scored, Screening, Training
from tasks.reporting.stats import ReportStats


@stage("report", version=1, modules=("tasks.reporting",))
def report(
    config: ReportConfig,
    screening: Screening,
    curation: Curation,
    training: Training,
    scores: Sequence[Scored],
    checks: Checks,
    *,
    work: Workspace,
) -> ReportStats:
    """Write `report.html`, `summary.json` and `figures/*.svg` of a pipeline.

    Args:
        config: what is shown.
        screening: what came in, and what of it went on.
        curation: what balancing made of the pairs.
        training: the models, and how the embedded pairs lie.
        scores: of every model on every benchmark.
        checks: limits that all of these are held against.
        work: where to write, and where the inputs lie.
    """
    from tasks.reporting.compose import compose
    from tasks.reporting.summary import summary_json
    from tasks.reporting.write import write

    content = compose(config, screening, curation, training, scores, checks, work)
    return write(content, summary_json(content), work.output)


@stage("selfsupervised_report", version=1, modules=("tasks.reporting.selfsupervised", "tasks.reporting.page"))
def selfsupervised_report(
    config: SelfSupervisedReportConfig,
    pairs: Sequence[Manifest],
    models: Sequence[Backbone],
    scores: Sequence[Probed],
    checks: Checks,
    *,
    work: Workspace,
) -> ReportStats:
    """Write `report.html`, `summary.json` and `figures/*.svg` of a self-supervised experiment.

    Args:
        config: title, and how intervals are made.
        pairs: the pictures as they came in, group by group, and the survey over them.
        models: the trained backbones.
        scores: what their features are worth, and those of the untrained network.
        checks: limits that all of these are held against.
        work: where to write, and where the inputs lie.
    """
    from tasks.reporting.selfsupervised.content import compose
    from tasks.reporting.selfsupervised.summary import selfsupervised_summary
    from tasks.reporting.write import write

    content = compose(config, pairs, models, scores, checks, work)
    return write(content, selfsupervised_summary(content), work.output)
