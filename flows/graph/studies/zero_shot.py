"""The study `zero-shot` as a graph of stages."""

from collections.abc import Mapping
from pathlib import Path

from flows.config.plans.evaluation import Benchmark
from flows.config.studies.encoding import EncodedData
from flows.config.studies.zero_shot import ZeroShotPlan
from flows.engine.engine import Engine, Ref
from flows.graph.studies.encoding import Features, features_graph
from storage.record.external import external
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.task import encode_benchmark, evaluate_along
from tasks.studies.zero_shot.inputs import Cell, Labels, ScoredRun
from tasks.studies.zero_shot.task import hold_out, judge_along, probe_along, zero_shot_page
from tasks.training.task import train_heads


def zero_shot_graph(engine: Engine, plan: ZeroShotPlan, store: Path) -> Ref:
    """Features → heads for every encoder, batch, k and seed → scores along their training → the page.

    Where pairs are held out, the heads are trained on the others, and judged by those along their training, too.
    """
    runs = []
    for name, encoder in plan.encoders.items():
        of = f", {name}" if len(plan.encoders) > 1 else ""
        features = features_graph(engine, EncodedData(sources=plan.sources, encoder=encoder), store, of)
        encoded = encoded_benchmarks(engine, plan.benchmarks, plan.evaluation, features, store, of)
        learnt = _learnt(engine, plan, features, store, of)
        held = _held_out(engine, plan, features, of)
        for batch in plan.batches:
            for seed in plan.seeds:  # seeds before k: what a cut leaves can be compared
                for half_steps in plan.half_steps:
                    loss = plan.heads.loss.model_copy(update={"half_steps": half_steps})
                    said = f"batch {batch}, k={half_steps}, seed {seed}{of}"
                    config = plan.heads.model_copy(update={"batch": batch, "loss": loss})
                    model = engine.submit(
                        train_heads,
                        label=f"heads {said}",
                        config=config,
                        seed=seed,
                        embeddings=list(features.embeddings),
                        selection=None if held is None else [held],
                    )
                    judged = None if held is None else engine.submit(
                        judge_along,
                        label=f"held-out pairs {said}",
                        config=plan.held_out,
                        heads=config,
                        model=model,
                        embeddings=list(features.embeddings),
                        held=held,
                    )  # fmt: skip
                    for benchmark, place in encoded.items():
                        along = engine.submit(
                            evaluate_along,
                            label=f"scores {said}, {benchmark}",
                            config=plan.evaluation,
                            model=model,
                            encoded=place,
                        )
                        probed = None if benchmark not in learnt else engine.submit(
                            probe_along,
                            label=f"probe {said}, {benchmark}",
                            config=plan.probe,
                            model=model,
                            learnt=learnt[benchmark],
                            encoded=place,
                        )  # fmt: skip
                        runs.append(ScoredRun(Cell(name, batch, half_steps, benchmark), seed, along, judged, probed))
    return engine.submit(zero_shot_page, label="report", config=plan.settings, runs=runs)


def _held_out(engine: Engine, plan: ZeroShotPlan, features: Features, of: str) -> Ref | None:
    """The pairs that no training sees, if the plan holds any out."""
    if plan.held_out is None:
        return None
    embeddings = list(features.embeddings)
    return engine.submit(hold_out, label=f"hold pairs out{of}", config=plan.held_out, embeddings=embeddings)


def _learnt(engine: Engine, plan: ZeroShotPlan, features: Features, store: Path, of: str) -> Mapping[str, Ref]:
    """What linear classifiers learn from, for every benchmark; nothing where the plan has no probe."""
    if plan.probe is None:
        return {}
    if plan.probe.learn_from == "pairs":
        labels = Labels(list(features.pairs), list(features.embeddings))
        return {item.name: labels for item in plan.probed}
    config = plan.evaluation.model_copy(update={"split": "train"})
    return encoded_benchmarks(engine, tuple(plan.probed), config, features, store, f" (train){of}")


def encoded_benchmarks(
    engine: Engine,
    benchmarks: tuple[Benchmark, ...],
    config: EvaluationConfig,
    features: Features,
    store: Path,
    of: str,
) -> Mapping[str, Ref]:
    """Every benchmark, encoded as the pairs were.

    Args:
        engine: the engine.
        benchmarks: each with a path.
        config: their split.
        features: of the pairs.
        store: the store.
        of: what labels end with.
    """
    found = {}
    for item in benchmarks:
        assert item.path is not None  # refused when the file is read
        found[item.name] = engine.submit(
            encode_benchmark,
            label=f"encode {item.name}{of}",
            config=config,
            benchmark="",
            encoder=features.encoder,
            dataset=external(item.path, store),
        )
    return found
