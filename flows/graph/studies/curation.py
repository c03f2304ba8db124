"""The study `curation` as a graph of stages."""

from collections.abc import Sequence
from pathlib import Path

from flows.config.studies.curation import CurationPlan
from flows.engine.engine import Engine, Ref
from flows.graph.studies.encoding import features_graph
from flows.graph.studies.keywords import matched_pairs, selected
from flows.graph.studies.zero_shot import encoded_benchmarks
from tasks.evaluation.task import evaluate_along
from tasks.resampling.config import SubsampleConfig
from tasks.resampling.task import subsample, thin
from tasks.studies.curation.inputs import ORIGINAL, Arm
from tasks.studies.curation.task import curation_page
from tasks.training.task import train_heads


def curation_graph(engine: Engine, plan: CurationPlan, store: Path) -> Ref:
    """Pairs → matches → a selection for every arm, and a uniform one of its size → heads over seeds → the page."""
    features = features_graph(engine, plan.data, store)
    encoded = encoded_benchmarks(engine, (plan.benchmark,), plan.evaluation, features, store, "")[plan.benchmark.name]
    entries, matches = matched_pairs(engine, plan.metadata, plan.matching, features, store)

    def trained(name: str, selection: Sequence[Ref] | None) -> list[Ref]:
        found = []
        for seed in plan.seeds:
            model = engine.submit(
                train_heads,
                label=f"heads {name}, seed {seed}",
                config=plan.heads,
                seed=seed,
                embeddings=list(features.embeddings),
                selection=selection,
            )
            label = f"scores {name}, seed {seed}"
            found.append(
                engine.submit(evaluate_along, label=label, config=plan.evaluation, model=model, encoded=encoded)
            )
        return found

    arms = [Arm(ORIGINAL, "", None, trained(ORIGINAL, None))]
    for name, arm in plan.arms.items():
        chosen = selected(engine, name, arm, entries, matches, features)
        control = SubsampleConfig(seed=arm.resampling.seed)
        cut = engine.submit(
            subsample, label=f"subsample {name}", config=control, matches=matches, realised=chosen.realised
        )
        random = [
            engine.submit(thin, label=f"thin {name} {index}", config=control, cut=cut, matches=each)
            for index, each in enumerate(matches)
        ]
        arms.append(Arm(name, "", chosen.realised, trained(name, chosen.selection)))
        arms.append(Arm(f"random as {name}", name, None, trained(f"random as {name}", random)))
    return engine.submit(curation_page, label="report", config=plan.settings, pairs=list(features.pairs), arms=arms)
