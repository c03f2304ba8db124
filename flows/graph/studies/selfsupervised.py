"""Studies that compare self-supervised trainings, as a graph of stages."""

from collections.abc import Sequence
from pathlib import Path

from flows.config.studies.selfsupervised import SelfSupervisedStudyPlan
from flows.engine.engine import Engine, Ref
from flows.graph.ingest import ingest_graph
from tasks.evaluation.task import probe
from tasks.ingest.config import SourceConfig
from tasks.ingest.task import survey
from tasks.studies.selfsupervised.config import ArmLabel, SampleConfig
from tasks.studies.selfsupervised.inputs import Run
from tasks.studies.selfsupervised.task import comparison, sample
from tasks.training.task import selfsupervise


def comparison_graph(engine: Engine, plan: SelfSupervisedStudyPlan, store: Path) -> Ref:
    """Pictures → every arm over every seed → what its features are worth → the page.

    The untrained network of every seed is probed too: of the first arm, as all begin with the same weights.
    """
    known = _pictures(engine, plan.sources, plan.sample, store, "pictures")
    asked = _pictures(engine, plan.test, plan.test_sample, store, "test pictures")
    runs: list[Run] = []
    for place, arm in enumerate(plan.arms()):
        for seed in plan.seeds:
            name = f"{arm.group}, {arm.name}, seed {seed}"
            model = engine.submit(selfsupervise, label=name, config=arm.settings, seed=seed, pairs=known)
            for untrained in (True, False) if place == 0 else (False,):
                label = ArmLabel(group=arm.group, name=arm.name, seed=seed, paper=arm.paper)
                if untrained:
                    label = ArmLabel(group="untrained", name="network", seed=seed)
                probed = engine.submit(
                    probe,
                    label=f"probe {name}" if not untrained else f"probe untrained, seed {seed}",
                    config=plan.probe,
                    model=model,
                    train=known,
                    test=asked,
                    untrained=untrained,
                )
                runs.append(Run(label, None if untrained else model, probed))
    question = plan.model_dump()["kind"]
    return engine.submit(
        comparison, label="report", question=question, config=plan.settings, training=plan.training, runs=runs
    )


def _pictures(
    engine: Engine, sources: Sequence[SourceConfig], some: SampleConfig | None, store: Path, what: str
) -> list[Ref]:
    pairs = ingest_graph(engine, sources, store)
    engine.submit(survey, label=f"survey of {what}", pairs=list(pairs))
    if some is None:
        return list(pairs)
    return [engine.submit(sample, label=f"sample of {what}", config=some, pairs=list(pairs))]
