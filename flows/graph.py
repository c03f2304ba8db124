"""The pipeline as a graph of stages. How the runs are carried out is the engine's business (`flows.engine`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.config import EncoderPlan, PipelineConfig
from flows.engine import Engine
from storage.external import external
from storage.manifest import External
from tasks.balancing.task import balance
from tasks.embedding.task import embed
from tasks.evaluation.task import evaluate
from tasks.geometry.task import geometry
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.task import benchmark, ingest, survey
from tasks.matching.task import match, metadata
from tasks.reporting.config import Cell, RunLabel
from tasks.reporting.task import report
from tasks.resampling.config import SubsampleConfig
from tasks.resampling.task import curate, select, subsample
from tasks.training.task import finetune, train, train_heads

Ref = Any
"""A stage's result that may not exist yet: a future, a manifest, or a pending place, as the engine has it."""


@dataclass(frozen=True)
class Data:
    """One variant of the training data: shards, and which of their rows how often (None: every row once)."""

    shards: Sequence[Ref]
    selection: Ref | None = None


@dataclass(frozen=True)
class Curation:
    """What `curate` leaves."""

    pairs: Sequence[Ref]
    entries: Ref
    matches: Sequence[Ref]
    balanced: Ref
    selection: Ref
    curated: Ref
    random: Ref

    @property
    def variants(self) -> Mapping[str, Data]:
        """The data sets that are compared on equal budgets."""
        return {
            "original": Data(self.pairs),
            "balanced": Data([self.curated]),
            "random": Data(self.pairs, self.random),
        }

    def selection_of(self, variant: str) -> Ref | None:
        """A variant as a selection of the original pairs."""
        return {"original": None, "balanced": self.selection, "random": self.random}[variant]


@dataclass(frozen=True)
class Trained:
    """One trained model; `base` is the encoder below it when it is a pair of heads."""

    run: RunLabel
    model: Ref
    base: Ref | None = None


@dataclass(frozen=True)
class Training:
    """What `train` leaves."""

    models: Sequence[Trained] = ()
    geometry: Mapping[str, Ref] = field(default_factory=dict)


def curate_graph(engine: Engine, config: PipelineConfig) -> Curation:
    """Sources → pairs → matches → weights → selection → curated shards, and the random control."""
    store = config.runtime.store
    pairs = [
        engine.submit(ingest, source, group, [external(path, store) for path in sources_of(source, group)],
                      label=f"ingest {source.name} {group.label}")
        for source in config.sources
        for group in plan_groups(source)
    ]  # fmt: skip
    engine.submit(survey, pairs, label="survey")
    lists = external(config.metadata.files, store) if config.metadata.files else None
    corpus = pairs if config.metadata.reads_corpus else []
    entries = engine.submit(metadata, config.metadata, lists, corpus, label="metadata")
    matches = [
        engine.submit(match, config.matching, entries, shard, label=f"match {index}")
        for index, shard in enumerate(pairs)
    ]
    balanced = engine.submit(balance, config.balancing, entries, matches, label="balance")
    selection = engine.submit(select, config.resampling, balanced, matches, label="select balanced")
    curated = engine.submit(curate, config.curated, selection, pairs, matches, label="curate")
    control = SubsampleConfig(seed=config.resampling.seed)
    random = engine.submit(subsample, control, pairs, selection, label="select random")
    return Curation(pairs, entries, matches, balanced, selection, curated, random)


def train_graph(engine: Engine, config: PipelineConfig, curation: Curation) -> Training:
    """Every variant over every seed on one budget; then fine-tuning, embedding, geometry and heads as configured."""
    models = list(_from_scratch(engine, config, curation))
    encoded = _embed(engine, config, curation, models)
    trees = {}
    if config.geometry:
        trees = {
            variant: engine.submit(geometry, config.geometry, encoded, curation.selection_of(variant),
                                   label=f"geometry {variant}")
            for variant in curation.variants
        }  # fmt: skip
    models += _finetuned(engine, config, curation, models)
    models += _heads(engine, config, curation, encoded, _encoder_model(config, models))
    return Training(models, trees)


def _from_scratch(engine: Engine, config: PipelineConfig, curation: Curation) -> list[Trained]:
    if not config.training:
        return []
    return [
        Trained(
            RunLabel(variant=variant, seed=seed),
            engine.submit(train, config.training.settings, seed, list(data.shards), data.selection,
                          label=f"train {variant}, seed {seed}"),
        )
        for seed in config.training.seeds
        for variant, data in curation.variants.items()
    ]  # fmt: skip


def _finetuned(engine: Engine, config: PipelineConfig, curation: Curation, models: Sequence[Trained]) -> list[Trained]:
    plan = config.training.finetune if config.training else None
    if not plan:
        return []
    control = plan.settings.regulariser.model_copy(update={"gamma": 0.0, "lambda_": 0.0})
    arms = {
        "T-REGS": plan.settings,
        "no T-REGS": plan.settings.model_copy(update={"regulariser": control}),
    }
    return [
        Trained(
            RunLabel(variant=f"{run.variant} + {arm}", seed=run.seed),
            engine.submit(finetune, settings, run.seed, trained.model, list(curation.variants[run.variant].shards),
                          curation.variants[run.variant].selection,
                          label=f"fine-tune {run.variant}, {arm}, seed {run.seed}"),
        )
        for arm, settings in arms.items()
        for trained in models
        if (run := trained.run).variant in plan.variants
    ]  # fmt: skip


def _encoder_model(config: PipelineConfig, models: Sequence[Trained]) -> Ref | None:
    plan = config.encoder
    if plan is None or plan.model is None:
        return None
    return models[0].model if plan.model == "trained" else external(Path(plan.model), config.runtime.store)


def _embed(engine: Engine, config: PipelineConfig, curation: Curation, models: Sequence[Trained]) -> list[Ref]:
    plan: EncoderPlan | None = config.encoder
    if plan is None:
        return []
    text_model = external(plan.text_model, config.runtime.store) if plan.text_model else None
    return [
        engine.submit(embed, plan.settings, shard, _encoder_model(config, models), text_model, label=f"embed {index}")
        for index, shard in enumerate(curation.pairs)
    ]


def _heads(
    engine: Engine, config: PipelineConfig, curation: Curation, encoded: Sequence[Ref], base: Ref | None
) -> list[Trained]:
    plan = config.training.heads if config.training else None
    if not plan or not config.training:
        return []
    return [
        Trained(
            RunLabel(variant=f"heads k={steps}, {variant}", seed=seed),
            engine.submit(
                train_heads,
                plan.settings.model_copy(
                    update={"loss": plan.settings.loss.model_copy(update={"half_steps": steps})}
                ),
                seed, list(encoded), curation.selection_of(variant),
                label=f"heads k={steps}, {variant}, seed {seed}",
            ),
            base,
        )
        for steps in plan.half_steps
        for variant in plan.variants
        for seed in config.training.seeds
    ]  # fmt: skip


def evaluate_graph(engine: Engine, config: PipelineConfig, training: Training) -> dict[Cell, Ref]:
    """Every model on every benchmark."""
    if not config.evaluation:
        return {}
    settings = config.evaluation.settings
    datasets = _datasets(engine, config)
    return {
        Cell(variant=trained.run.variant, seed=trained.run.seed, benchmark=name): engine.submit(
            evaluate, settings, folder, trained.model, dataset, trained.base,
            label=f"evaluate {trained.run.variant}, seed {trained.run.seed}, {name}",
        )
        for trained in training.models
        for name, (folder, dataset) in datasets.items()
    }  # fmt: skip


def _datasets(engine: Engine, config: PipelineConfig) -> dict[str, tuple[str, Ref | External]]:
    assert config.evaluation
    scenes = next((source for source in config.sources if source.kind == "scenes"), None)
    generated = None
    if scenes and any(item.path is None for item in config.evaluation.benchmarks):
        generated = engine.submit(benchmark, scenes, label="benchmark")
    return {
        item.name: ("", external(item.path, config.runtime.store)) if item.path else (item.name, generated)
        for item in config.evaluation.benchmarks
    }


def report_graph(
    engine: Engine, config: PipelineConfig, curation: Curation, training: Training, scores: Mapping[Cell, Ref]
) -> Ref:
    """The report over everything that was made."""
    return engine.submit(
        report, config.report, list(curation.pairs), curation.entries, list(curation.matches), curation.balanced,
        curation.selection, curation.curated,
        tuple(training.geometry), list(training.geometry.values()),
        tuple(trained.run for trained in training.models), [trained.model for trained in training.models],
        tuple(scores), list(scores.values()),
        label="report",
    )  # fmt: skip
