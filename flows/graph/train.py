"""Training: every variant over every seed on one budget, then fine-tuning, embedding, geometry and heads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.config.pipeline import PipelineConfig
from flows.config.plans import EncoderPlan
from flows.engine import Engine
from flows.graph.curate import Curation
from flows.graph.screen import Ref
from storage.record.external import external
from tasks.embedding.task import embed
from tasks.geometry.task import concepts, geometry
from tasks.reporting.config import RunLabel
from tasks.training.task import finetune, train, train_heads


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
    density: Mapping[str, Ref] = field(default_factory=dict)


def train_graph(engine: Engine, config: PipelineConfig, curation: Curation) -> Training:
    """Every variant over every seed on one budget; then fine-tuning, embedding, geometry and heads as configured."""
    models = list(_from_scratch(engine, config, curation))
    encoded = _embed(engine, config, curation, models)
    trees, density = {}, {}
    if config.geometry:
        trees = {
            variant: engine.submit(geometry, config.geometry, encoded, curation.selection_of(variant),
                                   label=f"geometry {variant}")
            for variant in curation.variants
        }  # fmt: skip
        density = {
            variant: engine.submit(concepts, tree, list(curation.matches), label=f"concepts {variant}")
            for variant, tree in trees.items()
        }
    models += _finetuned(engine, config, curation, models)
    models += _heads(engine, config, curation, encoded, _encoder_model(config, models))
    return Training(models, trees, density)


def _from_scratch(engine: Engine, config: PipelineConfig, curation: Curation) -> list[Trained]:
    if not config.training:
        return []
    given = config.training.initial
    initial = external(given, config.runtime.store) if given else None
    return [
        Trained(
            RunLabel(variant=variant, seed=seed),
            engine.submit(train, config.training.settings, seed, list(data.shards), data.selection, initial,
                          label=f"train {variant}, seed {seed}"),
        )
        for seed in config.training.seeds
        for variant, data in curation.variants.items()
    ]  # fmt: skip


def _finetuned(engine: Engine, config: PipelineConfig, curation: Curation, models: Sequence[Trained]) -> list[Trained]:
    plan = config.training.finetune if config.training else None
    if not plan:
        return []
    none = {"kind": "tregs", "gamma": 0.0, "lambda_": 0.0, "weight": 0.0}
    control = plan.settings.regulariser.model_copy(update=none)
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
