"""The training stages: a CLIP model from scratch, its continuation with T-REG, heads, and self-supervised training."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from tasks.training.config import FinetuneConfig, HeadsConfig, LoopConfig, TrainingConfig
from tasks.training.distributed.launch import is_first_rank, over_ranks, own_scratch
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.stats import ClipStats, SelfSupervisedStats, TrainingStats

if TYPE_CHECKING:
    from tasks.embedding.models.clip import Clip
    from tasks.training.data.selection import Selection
    from tasks.training.loop.context import Context

_MODULES = ("tasks.training",)
_LESS_MEMORY = "raise `accumulate` (parts that a batch is encoded in), set `precision: bf16-mixed`, or lower `batch`"
ALONG = "along"
"""The folder of the heads that were kept along a training."""


@stage("train", version=2, on_device=True, modules=_MODULES, less_memory=_LESS_MEMORY)
@over_ranks
def train(
    config: TrainingConfig,
    seed: int,
    pairs: Sequence[Manifest],
    selection: Sequence[Manifest] | None = None,
    initial: External | None = None,
    gone: Sequence[Manifest] = (),
    *,
    work: Workspace,
) -> ClipStats:
    """A CLIP model on image-caption pairs, from scratch, from a checkpoint, or from published weights.

    Args:
        config: model, loss and budget.
        seed: of weights, order and augmentation.
        pairs: pair or curated shards.
        selection: how often each row is drawn; None: as the shards say.
        initial: a safetensors checkpoint of the architecture to start from.
        gone: what `drop` lists of the pairs, left out.
        work: this run.
    """
    from tasks.embedding.models.clip import build_clip, load_clip
    from tasks.training.models.pretrained import pretrained_clip
    from tasks.training.models.saved import lock_tower

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
    return _train_clip(clip, config, seed, _Rows(pairs, selection, gone), work)


@stage("finetune", version=2, on_device=True, modules=_MODULES, less_memory=_LESS_MEMORY)
@over_ranks
def finetune(
    config: FinetuneConfig,
    seed: int,
    model: Manifest | External,
    pairs: Sequence[Manifest],
    selection: Sequence[Manifest] | None = None,
    gone: Sequence[Manifest] = (),
    *,
    work: Workspace,
) -> ClipStats:
    """Continue a trained CLIP model on pairs, with T-REG on either branch.

    Args:
        config: loss, regulariser and budget.
        seed: of order and augmentation.
        model: what `train` wrote, or a folder with a checkpoint.
        pairs: pair or curated shards.
        selection: how often each row is drawn; None: as the shards say.
        gone: what `drop` lists of the pairs, left out.
        work: this run.
    """
    from tasks.embedding.models.clip import load_clip

    clip = load_clip(work.directory(model))
    return _train_clip(clip, config, seed, _Rows(pairs, selection, gone), work)


@stage("train_heads", version=1, on_device=True, modules=(), less_memory="lower `batch`, or `precision: bf16-mixed`")
@over_ranks
def train_heads(
    config: HeadsConfig,
    seed: int,
    embeddings: Sequence[Manifest],
    selection: Sequence[Manifest] | None = None,
    *,
    work: Workspace,
) -> TrainingStats:
    """The paper's heads on frozen embeddings; in `along/` those of every `keep_every` steps.

    Args:
        config: sizes of the heads, loss and budget.
        seed: of weights and order.
        embeddings: what `embed` wrote, image and text.
        selection: how often each row is drawn; None: every row once.
        work: this run.
    """
    from storage.tables.shards import write_table
    from tasks.training.data.embeddings import read_embeddings
    from tasks.training.loop.figures import training_figures
    from tasks.training.models.saved import save_heads
    from tasks.training.recipes.heads import train_heads as train_on

    began = time.perf_counter()
    paths = [path for manifest in embeddings for path in work.paths(manifest, "embeddings-*.parquet")]
    examples = read_embeddings(paths, _selection(selection, config, work), own_scratch(work))
    along = work.scratch / ALONG  # beside the checkpoint: a killed run keeps what it had kept
    heads, fitted = train_on(examples, config, seed=seed, context=_context(work, f"heads {seed}"), along=along)
    if is_first_rank():
        save_heads(work.output, heads)
        if along.is_dir():
            shutil.copytree(along, work.output / ALONG)
        write_table(work.output / "metrics.parquet", fitted.metrics)
    return training_figures(fitted, len(examples.ids), time.perf_counter() - began, config)


@stage("selfsupervise", version=1, on_device=True, modules=("tasks.training.selfsupervised",), less_memory=_LESS_MEMORY)
def selfsupervise(
    config: SelfSupervisedConfig, seed: int, pairs: Sequence[Manifest], *, work: Workspace
) -> SelfSupervisedStats:
    """A backbone trained on two views of every picture, without captions or labels.

    Args:
        config: network, objective and budget.
        seed: of weights, order and views.
        pairs: pair or curated shards.
        work: this run.
    """
    from storage.tables.shards import write_table
    from tasks.training.loop.figures import budget
    from tasks.training.selfsupervised.networks import save_model
    from tasks.training.selfsupervised.training import read_pictures, train_self_supervised

    began = time.perf_counter()
    examples = read_pictures(_shards(pairs, work), config.side, workers=work.runtime.workers)
    context = _context(work, f"{work.stage} {seed}")
    model, fitted = train_self_supervised(examples, config, seed=seed, context=context)
    save_model(work.output, model, config, seed)
    write_table(work.output / "metrics.parquet", fitted.metrics)
    return SelfSupervisedStats(
        **budget(fitted, len(examples.ids), time.perf_counter() - began).model_dump(),
        invariance=fitted.last("invariance"),
        first_norm=fitted.last("first_norm"),
        second_norm=fitted.last("second_norm"),
        first_tree=fitted.last("first_tree"),
        second_tree=fitted.last("second_tree"),
        rank=fitted.last("rank"),
        spread=fitted.last("spread"),
        prototypes=fitted.last("prototypes"),
        without_image=examples.without_image,
    )


@dataclass(frozen=True)
class _Rows:
    """Pairs or curated shards, which of their rows how often, and which are gone."""

    pairs: Sequence[Manifest]
    selection: Sequence[Manifest] | None
    gone: Sequence[Manifest]


def _train_clip(
    clip: "Clip",
    config: TrainingConfig | FinetuneConfig,
    seed: int,
    rows: "_Rows",
    work: Workspace,
) -> ClipStats:
    from storage.tables.shards import write_table
    from tasks.embedding.models.clip import save_clip
    from tasks.training.data.images import Preparation
    from tasks.training.data.pairs import gone_ids, read_pairs
    from tasks.training.data.selection import Drawing
    from tasks.training.loop.figures import training_figures
    from tasks.training.recipes.clip import train_clip

    began = time.perf_counter()
    examples = read_pairs(
        _shards(rows.pairs, work),
        Drawing(
            _selection(rows.selection, config, work), config.sampling, gone_ids(work.shards(rows.gone, "gone.parquet"))
        ),
        preparation=Preparation.of(clip.transform),
        tokenizer=clip.tokenizer,
        workers=work.runtime.workers,
    )
    if examples.without_image:
        work.log(f"{examples.without_image} selected rows have no image and are left out")
    fitted = train_clip(clip, examples, config, seed=seed, context=_context(work, f"{work.stage} {seed}"))
    if is_first_rank():
        save_clip(work.output, clip)
        write_table(work.output / "metrics.parquet", fitted.metrics)
    stats = training_figures(fitted, len(examples.ids), time.perf_counter() - began, config)
    return ClipStats(**stats.model_dump(), without_image=examples.without_image)


def _context(work: Workspace, description: str) -> "Context":
    from tasks.training.loop.context import Context

    return Context(work.device, work.scratch, description, work.report, work.runtime.workers)


def _shards(pairs: Sequence[Manifest], work: Workspace) -> list[Path]:
    patterns = ("pairs-*.parquet", "curated-*.parquet")
    return [path for manifest in pairs for pattern in patterns for path in work.paths(manifest, pattern)]


def _selection(selection: Sequence[Manifest] | None, config: LoopConfig, work: Workspace) -> "Selection | None":
    from pyarrow.parquet import read_schema

    from storage.tables.shards import read_table
    from tasks.training.data.selection import Selection

    if selection is None:
        return None
    paths = work.shards(selection, "selection-*.parquet")
    if not paths or config.sampling not in read_schema(paths[0]).names:
        names = ", ".join(each.name for each in selection) or "the selection"
        raise InputError(f"{names} holds no {config.sampling} to draw examples by; give a selection")
    return Selection.of(read_table(paths, ["id", config.sampling]), config.sampling)
