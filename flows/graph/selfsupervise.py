"""Self-supervised training and its evaluation, as a graph of stages."""

from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.engine import Engine
from flows.graph.ingest import ingest_graph
from flows.graph.screen import Ref
from tasks.evaluation.task import probe
from tasks.ingest.task import survey
from tasks.reporting.config import RunLabel
from tasks.reporting.task import selfsupervised_report
from tasks.training.task import selfsupervise

TRAINED, UNTRAINED = "trained", "untrained"


def selfsupervise_graph(engine: Engine, config: SelfSupervisedExperiment) -> Ref:
    """Pictures → a backbone for each seed → what its features are worth, before training and after → the report."""
    store = config.runtime.store
    known = ingest_graph(engine, config.sources, store)
    asked = ingest_graph(engine, config.probe.test, store)
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
