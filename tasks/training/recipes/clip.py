"""Training a whole CLIP model on pictures and captions, from scratch or from a trained one."""

from collections.abc import Iterator

import numpy as np
import torch

from tasks.embedding.models.clip import Clip
from tasks.training.config import FinetuneConfig, TrainingConfig
from tasks.training.data.augmentation import augment
from tasks.training.data.batch import Batch
from tasks.training.data.examples import Examples
from tasks.training.distributed.ranks import all_ranks
from tasks.training.loop.context import HERE, Context
from tasks.training.loop.fit import Fitted, fit
from tasks.training.models.compact_vocabulary import CompactVocabulary, compact
from tasks.training.recipes.contrastive_objective import ContrastiveObjective


def train_clip(
    clip: Clip,
    pairs: Examples,
    config: TrainingConfig | FinetuneConfig,
    *,
    seed: int,
    context: Context = HERE,
) -> Fitted:
    """Train `clip.model` in place on `config.steps` batches of the pairs, drawn by their copies.

    Args:
        clip: the model to train; its transform and tokenizer made the pairs.
        pairs: the examples.
        config: budget, loss, optimiser and augmentation.
        seed: decides the order of the examples and the augmentation, by hashes.
        context: where it runs, and who is told.

    Raises:
        EquipoiseError: a loss is not finite.
    """
    used = pairs.used_tokens()
    vocabulary = compact(clip.model, used) if used is not None else None
    clip.model.to(memory_format=torch.channels_last).train()

    def stream(start: int) -> Iterator[Batch]:
        return _stream(pairs, vocabulary, config, seed, start, context.workers)

    objective = ContrastiveObjective(clip.model, config.loss, config.regulariser, watch_trees=config.watch_trees)
    fitted = fit(objective, stream, config, context, ahead=pairs.ahead(context.device))
    clip.model.to(memory_format=torch.contiguous_format).eval()
    if vocabulary is not None:
        vocabulary.expand(clip.model)
    return fitted


def _stream(
    pairs: Examples,
    vocabulary: CompactVocabulary | None,
    config: TrainingConfig | FinetuneConfig,
    seed: int,
    start: int,
    workers: int,
) -> Iterator[Batch]:
    mean, deviation = pairs.preparation.mean, pairs.preparation.deviation
    part = all_ranks().part(config.batch)
    places = np.arange(part.start, part.stop)
    for step, drawn in enumerate(pairs.batches(batch=config.batch, seed=seed, start=start, part=part), start):
        images = augment(
            drawn.pictures,
            places,
            config.augmentation,
            seed=seed,
            step=step,
            mean=mean,
            deviation=deviation,
            workers=workers,
        )
        yield Batch(drawn.ids, images, vocabulary.renumber(drawn.tokens) if vocabulary is not None else drawn.tokens)
