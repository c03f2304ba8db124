"""Training: every variant over every seed on one budget, then fine-tuning, embedding, geometry and heads."""

from collections.abc import Sequence
from pathlib import Path

from flows.config.pipeline import PipelineConfig
from flows.engine.engine import Engine, Ref
from flows.graph.curate import gone_of, selections, variants
from flows.graph.words import encoder_in_words
from storage.record.external import external
from tasks.embedding.models.hub import located
from tasks.embedding.record import EncoderRecord
from tasks.embedding.task import embed
from tasks.geometry.task import concepts, geometry
from tasks.reporting.config import RunLabel
from tasks.reporting.inputs.stage_outputs import Curation, Screening, Trained, Training
from tasks.training.task import finetune, train, train_heads


def train_graph(engine: Engine, config: PipelineConfig, screening: Screening, curation: Curation) -> Training:
    """Every variant over every seed on one budget; then fine-tuning, embedding, geometry and heads as configured."""
    models = _from_scratch(engine, config, screening, curation)
    encoder = _encoder(config, models)
    encoded = _embed(engine, screening, encoder, _judged(curation))
    trees, density = {}, {}
    if config.geometry:
        trees = {
            variant: engine.submit(
                geometry,
                label=f"geometry {variant}",
                config=config.geometry,
                embeddings=encoded,
                selection=selection,
            )
            for variant, selection in selections(curation).items()
        }
        density = {
            variant: engine.submit(concepts, label=f"concepts {variant}", geometry=tree, matches=list(curation.matches))
            for variant, tree in trees.items()
        }
    models += _finetuned(engine, config, screening, curation, models)
    models += _heads(engine, config, curation, encoded, encoder)
    return Training(models, trees, density, encoder_in_words(config.encoder) if config.encoder else "", encoded)


def _from_scratch(engine: Engine, config: PipelineConfig, screening: Screening, curation: Curation) -> list[Trained]:
    if not config.training:
        return []
    given = config.training.initial
    initial = external(given, config.runtime.store) if given else None
    return [
        Trained(
            RunLabel(variant=variant, seed=seed),
            engine.submit(
                train,
                label=f"train {variant}, seed {seed}",
                config=config.training.settings,
                seed=seed,
                pairs=list(data.shards),
                selection=data.selection,
                initial=initial,
                gone=list(data.gone),
                after=_judged(curation),
            ),
        )
        for seed in config.training.seeds
        for variant, data in variants(screening, curation).items()
    ]


def _finetuned(
    engine: Engine, config: PipelineConfig, screening: Screening, curation: Curation, models: Sequence[Trained]
) -> list[Trained]:
    plan = config.training.finetune if config.training else None
    if not plan:
        return []
    none = {"kind": "tregs", "gamma": 0.0, "lambda_": 0.0, "weight": 0.0}
    control = plan.settings.regulariser.model_copy(update=none)
    arms = {
        "T-REGS": plan.settings,
        "no T-REGS": plan.settings.model_copy(update={"regulariser": control}),
    }
    data = variants(screening, curation)
    return [
        Trained(
            RunLabel(variant=f"{run.variant} + {arm}", seed=run.seed),
            engine.submit(
                finetune,
                label=f"fine-tune {run.variant}, {arm}, seed {run.seed}",
                config=settings,
                seed=run.seed,
                model=trained.model,
                pairs=list(data[run.variant].shards),
                selection=data[run.variant].selection,
                gone=list(data[run.variant].gone),
            ),
        )
        for arm, settings in arms.items()
        for trained in models
        if (run := trained.run).variant in plan.variants
    ]


def _encoder(config: PipelineConfig, models: Sequence[Trained]) -> EncoderRecord | None:
    plan = config.encoder
    if plan is None:
        return None
    image_model, text_model = (
        external(located(path), config.runtime.store) if path else None for path in (plan.image_model, plan.text_model)
    )
    model: Ref | None = None
    if plan.uses_model and plan.model is not None:
        model = (
            models[0].model if plan.model == "trained" else external(located(Path(plan.model)), config.runtime.store)
        )
    return EncoderRecord(plan.settings, model, image_model, text_model)


def _judged(curation: Curation) -> list[Ref]:
    """What must have passed before anything is trained or embedded, whatever it reads: the curation as a whole."""
    return [curation.realised, *curation.curated]


def _embed(engine: Engine, screening: Screening, encoder: EncoderRecord | None, judged: Sequence[Ref]) -> list[Ref]:
    if encoder is None:
        return []
    return [
        engine.submit(embed, label=f"embed {index}", encoder=encoder, pairs=shard, gone=gone, after=judged)
        for index, (shard, gone) in enumerate(zip(screening.ingested, gone_of(screening), strict=True))
    ]


def _heads(
    engine: Engine, config: PipelineConfig, curation: Curation, encoded: Sequence[Ref], encoder: EncoderRecord | None
) -> list[Trained]:
    plan = config.training.heads if config.training else None
    if not plan or not config.training:
        return []
    return [
        Trained(
            RunLabel(variant=f"heads k={steps}, {variant}", seed=seed),
            engine.submit(
                train_heads,
                label=f"heads k={steps}, {variant}, seed {seed}",
                config=plan.settings.model_copy(
                    update={"loss": plan.settings.loss.model_copy(update={"half_steps": steps})}
                ),
                seed=seed,
                embeddings=list(encoded),
                selection=selections(curation)[variant],
            ),
            encoder,
        )
        for steps in plan.half_steps
        for variant in plan.variants
        for seed in config.training.seeds
    ]
