"""Self-supervised training and its evaluation, as a graph of stages."""

from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.engine.engine import Engine, Ref
from flows.graph.after import After
from flows.graph.ingest import ingest_graph
from flows.graph.words import headed
from tasks.evaluation.task import probe
from tasks.ingest.task import survey
from tasks.reporting.config import RunLabel
from tasks.reporting.inputs.stage_outputs import Backbone, Probed
from tasks.reporting.task import selfsupervised_report
from tasks.training.task import selfsupervise

TRAINED, UNTRAINED = "trained", "untrained"


def selfsupervise_graph(engine: Engine, config: SelfSupervisedExperiment) -> Ref:
    """Pictures → a backbone for each seed → what its features are worth, before training and after → the report."""
    store = config.runtime.store
    known = ingest_graph(engine, config.sources, store)
    asked = ingest_graph(engine, config.probe.test, store)
    surveyed = engine.submit(survey, label="survey", pairs=[*known, *asked])
    engine = After(engine, [*known, *asked], [surveyed])
    plan = config.selfsupervised
    backbones = [
        Backbone(
            seed,
            engine.submit(
                selfsupervise, label=f"self-supervised, seed {seed}", config=plan.settings, seed=seed, pairs=known
            ),
        )
        for seed in plan.seeds
    ]
    probed = [
        Probed(
            RunLabel(variant=variant, seed=backbone.seed),
            engine.submit(
                probe,
                label=f"probe {variant}, seed {backbone.seed}",
                config=config.probe.settings,
                model=backbone.model,
                train=known,
                test=asked,
                untrained=variant == UNTRAINED,
            ),
        )
        for variant in (TRAINED, UNTRAINED)
        for backbone in backbones
    ]
    return engine.submit(
        selfsupervised_report,
        label="report",
        config=headed(config.report, config.name),
        pairs=[*known, *asked, surveyed],
        models=backbones,
        scores=probed,
        checks=config.checks,
    )
