"""The training stages: a CLIP model from scratch, its continuation with T-REG, heads, and self-supervised training."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyarrow.parquet import read_schema
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from storage.tables.shards import read_table, write_table
from tasks.embedding.clip import Clip, build_clip, load_clip, save_clip
from tasks.training.config import FinetuneConfig, HeadsConfig, LoopConfig, TrainingConfig
from tasks.training.data.embeddings import read_embeddings
from tasks.training.data.images import Preparation
from tasks.training.data.pairs import PairSet, read_pairs
from tasks.training.data.selection import Selection
from tasks.training.distributed.launch import over_ranks, own_scratch
from tasks.training.loop.fit import Fitted
from tasks.training.models.pretrained import pretrained_clip
from tasks.training.models.saved import lock_tower, save_heads
from tasks.training.recipes import heads as heads_training
from tasks.training.recipes.clip import train_clip
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.networks import save_model
from tasks.training.selfsupervised.training import read_pictures, train_self_supervised
from tasks.training.tregs.treg import equilibrium_radius

_MODULES = ("tasks.training",)


@stage("train", version=1, modules=_MODULES)
@over_ranks
def train(
    config: TrainingConfig,
    seed: int,
    pairs: Sequence[Manifest],
    selection: Manifest | None,
    initial: External | None = None,
    *,
    work: Workspace,
) -> Mapping[str, JsonValue]:
    """A CLIP model on image-caption pairs, each as often as `selection` says.

    From scratch, from `initial`, a safetensors checkpoint of the architecture, or from published weights.
    """
    if initial is not None and config.pretrained is not None:
        raise InputError(
            f"two models to start from are given, {initial.path} and the tag {config.pretrained!r}; drop one"
        )
    if initial is not None:
        clip = load_clip(work.directory(initial), architecture=config.architecture)
    elif config.pretrained is not None:
        clip = pretrained_clip(config.architecture, config.pretrained)
    else:
        clip = build_clip(config.architecture, seed=seed)
    lock_tower(clip.model, config.locked)
    return _train_clip(clip, config, seed, pairs, selection, work)


@stage("finetune", version=1, modules=_MODULES)
@over_ranks
def finetune(
    config: FinetuneConfig,
    seed: int,
    model: Manifest,
    pairs: Sequence[Manifest],
    selection: Manifest | None,
    *,
    work: Workspace,
) -> Mapping[str, JsonValue]:
    """Continue a trained CLIP model on pairs, with T-REG on either branch."""
    clip = load_clip(work.directory(model))
    return _train_clip(clip, config, seed, pairs, selection, work)


@stage("train_heads", version=1, modules=_MODULES)
@over_ranks
def train_heads(
    config: HeadsConfig, seed: int, embeddings: Sequence[Manifest], selection: Manifest | None, *, work: Workspace
) -> Mapping[str, JsonValue]:
    """The paper's heads on frozen embeddings."""
    began = time.perf_counter()
    paths = [path for manifest in embeddings for path in work.paths(manifest, "embeddings-*.parquet")]
    examples = read_embeddings(paths, _selection(selection, config, work), own_scratch(work))
    heads, fitted = heads_training.train_heads(
        examples,
        config,
        seed=seed,
        device=work.runtime.device,
        scratch=work.scratch,
        description=f"heads {seed}",
        report=work.report,
    )
    save_heads(work.output, heads)
    write_table(work.output / "metrics.parquet", fitted.metrics)
    return _stats(fitted, len(examples.ids), began, config)


@stage("selfsupervise", version=1, modules=("tasks.training.selfsupervised",))
def selfsupervise(
    config: SelfSupervisedConfig, seed: int, pairs: Sequence[Manifest], *, work: Workspace
) -> Mapping[str, JsonValue]:
    """A backbone trained on two views of every picture, without captions or labels."""
    began = time.perf_counter()
    examples = read_pictures(_shards(pairs, work), config.side, workers=work.runtime.workers, scratch=work.scratch)
    model, fitted = train_self_supervised(
        examples,
        config,
        seed=seed,
        device=work.runtime.device,
        scratch=work.scratch,
        description=f"{work.stage} {seed}",
        report=work.report,
    )
    save_model(work.output, model, config, seed)
    write_table(work.output / "metrics.parquet", fitted.metrics)
    measured = ("invariance", "first_norm", "second_norm", "first_tree", "second_tree", "rank", "spread")
    return {
        **_budget(fitted, len(examples.ids), began),
        "final_loss": fitted.last("loss"),
        **{name: fitted.last(name) for name in measured},
        "without_image": examples.without_image,
    }


def _train_clip(
    clip: Clip,
    config: TrainingConfig | FinetuneConfig,
    seed: int,
    pairs: Sequence[Manifest],
    selection: Manifest | None,
    work: Workspace,
) -> Mapping[str, JsonValue]:
    began = time.perf_counter()
    examples = _pairs(clip, config, pairs, selection, work)
    if examples.without_image:
        work.log(f"{examples.without_image} selected rows have no image and are left out")
    fitted = train_clip(
        clip,
        examples,
        config,
        seed=seed,
        device=work.runtime.device,
        scratch=work.scratch,
        description=f"{work.stage} {seed}",
        report=work.report,
    )
    save_clip(work.output, clip)
    write_table(work.output / "metrics.parquet", fitted.metrics)
    return _stats(fitted, len(examples.ids), began, config) | {"without_image": examples.without_image}


def _pairs(
    clip: Clip, config: LoopConfig, pairs: Sequence[Manifest], selection: Manifest | None, work: Workspace
) -> PairSet:
    return read_pairs(
        _shards(pairs, work),
        _selection(selection, config, work),
        preparation=Preparation.of(clip.transform),
        tokenizer=clip.tokenizer,
        workers=work.runtime.workers,
        scratch=own_scratch(work),
        copies=config.sampling,
    )


def _shards(pairs: Sequence[Manifest], work: Workspace) -> list[Path]:
    patterns = ("pairs-*.parquet", "curated-*.parquet")
    return [path for manifest in pairs for pattern in patterns for path in work.paths(manifest, pattern)]


def _selection(selection: Manifest | None, config: LoopConfig, work: Workspace) -> Selection | None:
    if selection is None:
        return None
    paths = [path for pattern in ("selection.parquet", "weights-*.parquet") for path in work.paths(selection, pattern)]
    if not paths or config.sampling not in read_schema(paths[0]).names:
        raise InputError(f"{selection.name} holds no {config.sampling} to draw examples by; give a selection")
    return Selection.of(read_table(paths, ["id", config.sampling]), config.sampling)


def _stats(fitted: Fitted, distinct: int, began: float, config: LoopConfig) -> dict[str, JsonValue]:
    """Figures for the manifest; losses, norms and trees are means over the last 20 steps.

    `predicted_norm` is where T-REG lets the norms settle, given time and dimensions enough; None without T-REG.
    """
    means: dict[str, JsonValue] = {
        name: fitted.last(column)
        for name, column in (
            ("final_loss", "loss"),
            ("final_contrastive", "contrastive"),
            ("logit_scale", "logit_scale"),
            ("image_norm", "image_norm"),
            ("text_norm", "text_norm"),
            ("image_tree", "image_tree"),
            ("text_tree", "text_tree"),
        )
    }
    regulariser = config.regulariser
    predicted = equilibrium_radius(config.batch, regulariser.gamma, regulariser.lambda_)
    settles = regulariser.kind == "tregs" and regulariser.lambda_ > 0
    return _budget(fitted, distinct, began) | means | {"predicted_norm": predicted if settles else None}


def _budget(fitted: Fitted, distinct: int, began: float) -> dict[str, JsonValue]:
    return {
        "steps": fitted.steps,
        "examples_seen": fitted.examples_seen,
        "distinct_examples": distinct,
        "resumed_at": fitted.resumed_at,
        "seconds": round(time.perf_counter() - began, 3),
    }
