"""The study `curation` as a graph of stages."""

from collections.abc import Sequence
from pathlib import Path

from flows.config.studies.curation import CurationPlan
from flows.engine.engine import Engine, Ref
from flows.graph.studies.encoding import features_graph
from flows.graph.studies.zero_shot import encoded_benchmarks
from storage.record.external import external
from tasks.balancing.task import balance
from tasks.evaluation.task import evaluate_along
from tasks.matching.lists.installed_versions import installed_lists
from tasks.matching.task import match, metadata
from tasks.resampling.config import SubsampleConfig
from tasks.resampling.task import realise, scale, select, subsample, thin
from tasks.studies.curation.arms import ORIGINAL, Arm
from tasks.studies.task import curation_page
from tasks.training.task import train_heads


def curation_graph(engine: Engine, plan: CurationPlan, store: Path) -> Ref:
    """Pairs → matches → a selection for every arm, and a uniform one of its size → heads over seeds → the page."""
    features = features_graph(engine, plan.data, store)
    encoded = encoded_benchmarks(engine, (plan.benchmark,), plan.evaluation, features, store, "")[plan.benchmark.name]
    files = plan.metadata.files
    entries = engine.submit(
        metadata,
        label="metadata",
        config=plan.metadata,
        files=external(files, store) if files else None,
        pairs=[],
        installed=installed_lists(plan.metadata.sources),
        gone=[],
    )
    matches = [
        engine.submit(match, label=f"match {index}", config=plan.matching, entries=entries, pairs=shard, gone=None)
        for index, shard in enumerate(features.pairs)
    ]

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
        balanced = engine.submit(
            balance, label=f"balance {name}", config=arm.balancing, entries=entries, matches=matches
        )
        scaled = engine.submit(scale, label=f"scale {name}", config=arm.resampling, balanced=balanced, matches=matches)
        selection = [
            engine.submit(
                select,
                label=f"select {name} {index}",
                config=arm.resampling,
                balanced=balanced,
                scaled=scaled,
                matches=each,
            )
            for index, each in enumerate(matches)
        ]
        realised = engine.submit(
            realise,
            label=f"realise {name}",
            balanced=balanced,
            scaled=scaled,
            selection=selection,
            pairs=list(features.pairs),
        )
        control = SubsampleConfig(seed=arm.resampling.seed)
        cut = engine.submit(subsample, label=f"subsample {name}", config=control, matches=matches, realised=realised)
        random = [
            engine.submit(thin, label=f"thin {name} {index}", config=control, cut=cut, matches=each)
            for index, each in enumerate(matches)
        ]
        arms.append(Arm(name, "", realised, trained(name, selection)))
        arms.append(Arm(f"random as {name}", name, None, trained(f"random as {name}", random)))
    return engine.submit(curation_page, label="report", config=plan.settings, pairs=list(features.pairs), arms=arms)
