"""Self-supervised training and its evaluation, as a graph of stages."""

from collections.abc import Sequence

from flows.engine import Engine
from flows.graph.screen import Ref
from flows.selfsupervised import SelfSupervisedExperiment
from storage.external import external
from tasks.evaluation.task import probe
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.task import ingest, survey
from tasks.reporting.config import RunLabel
from tasks.reporting.task import selfsupervised_report
from tasks.training.task import selfsupervise

TRAINED, UNTRAINED = "trained", "untrained"


def selfsupervise_graph(engine: Engine, config: SelfSupervisedExperiment) -> Ref:
    """Pictures → a backbone for each seed → what its features are worth, before training and after → the report."""
    known = _pairs(engine, config, config.sources)
    asked = _pairs(engine, config, config.probe.test)
    engine.submit(survey, [*known, *asked], label="survey")
    plan = config.selfsupervised
    models = [
        engine.submit(selfsupervise, plan.settings, seed, known, label=f"self-supervised, seed {seed}")
        for seed in plan.seeds
    ]
    runs, scores = [], []
    for variant in (TRAINED, UNTRAINED):
        for seed, model in zip(plan.seeds, models, strict=True):
            runs.append(RunLabel(variant=variant, seed=seed))
            scores.append(
                engine.submit(probe, config.probe.settings, model, known, asked, None, variant == UNTRAINED,
                              label=f"probe {variant}, seed {seed}")
            )  # fmt: skip
    return engine.submit(
        selfsupervised_report, config.report, tuple(plan.seeds), models, tuple(runs), scores, label="report"
    )


def _pairs(engine: Engine, config: SelfSupervisedExperiment, sources: Sequence[SourceConfig]) -> list[Ref]:
    store = config.runtime.store
    return [
        engine.submit(ingest, source, group, [external(path, store) for path in sources_of(source, group)],
                      label=f"ingest {source.name} {group.label}")
        for source in sources
        for group in plan_groups(source)
    ]  # fmt: skip
