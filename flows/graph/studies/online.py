"""The study `online` as a graph of stages."""

from collections.abc import Sequence
from pathlib import Path

from flows.config.studies.online import OnlinePlan
from flows.engine.engine import Engine, Ref
from flows.graph.studies.encoding import features_graph
from flows.graph.studies.keywords import matched_pairs, selected
from flows.graph.studies.zero_shot import encoded_benchmarks
from tasks.evaluation.task import evaluate_along
from tasks.studies.online.inputs import Arm
from tasks.studies.online.task import online_page, train_targeted
from tasks.training.task import train_heads


def online_graph(engine: Engine, plan: OnlinePlan, store: Path) -> Ref:
    """Features and keywords → heads on uniform, selected and targeted batches, over seeds → the page."""
    features = features_graph(engine, plan.data, store)
    encoded = encoded_benchmarks(engine, (plan.benchmark,), plan.evaluation, features, store, "")[plan.benchmark.name]
    entries, matches = matched_pairs(engine, plan.metadata, plan.matching, features, store)
    chosen = selected(engine, "offline", plan.offline, entries, matches, features)
    whole, fewer = plan.heads, plan.heads.model_copy(update={"steps": plan.heads.steps // plan.settings.candidates})

    def scored(name: str, models: Sequence[Ref], trained: int, decoded: int) -> Arm:
        along = [
            engine.submit(
                evaluate_along,
                label=f"scores {name}, seed {seed}",
                config=plan.evaluation,
                model=model,
                encoded=encoded,
            )
            for seed, model in zip(plan.seeds, models, strict=True)
        ]
        return Arm(name, trained, decoded, along)

    def on(selection: Sequence[Ref] | None, name: str) -> list[Ref]:
        return [
            engine.submit(
                train_heads,
                label=f"heads {name}, seed {seed}",
                config=whole,
                seed=seed,
                embeddings=list(features.embeddings),
                selection=selection,
            )
            for seed in plan.seeds
        ]

    budget = whole.steps * whole.batch
    arms = [
        scored("uniform", on(None, "uniform"), budget, budget),
        scored("offline selection", on(chosen.selection, "offline selection"), budget, budget),
    ]
    for name, config in (("online, from ids", whole), ("online, after decoding", fewer)):
        models = [
            engine.submit(
                train_targeted,
                label=f"heads {name}, seed {seed}",
                config=config,
                online=plan.settings,
                seed=seed,
                embeddings=list(features.embeddings),
                matches=matches,
                balanced=chosen.balanced,
            )
            for seed in plan.seeds
        ]
        trained = config.steps * config.batch
        arms.append(scored(name, models, trained, trained if config is whole else trained * plan.settings.candidates))
    return engine.submit(online_page, label="report", config=plan.settings, arms=arms)
