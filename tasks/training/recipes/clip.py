"""Training a whole CLIP model on pictures and captions, from scratch or from a trained one."""

from collections.abc import Iterator

import numpy as np
import torch

from tasks.embedding.models.clip import Clip
from tasks.training.config import AugmentationConfig, FinetuneConfig, TrainingConfig
from tasks.training.data.augmentation import augment
from tasks.training.data.batch import Batch
from tasks.training.data.epoch_order import batches
from tasks.training.data.images import batches_ahead
from tasks.training.data.pairs import PairSet
from tasks.training.distributed.ranks import all_ranks
from tasks.training.loop.context import HERE, Context
from tasks.training.loop.fit import Fitted, fit
from tasks.training.models.compact_vocabulary import CompactVocabulary, compact
from tasks.training.recipes.contrastive_objective import ContrastiveObjective


def train_clip(
    clip: Clip,
    pairs: PairSet,
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
    vocabulary = compact(clip.model, pairs.tokens.used())
    clip.model.to(memory_format=torch.channels_last).train()

    def stream(start: int) -> Iterator[Batch]:
        return _stream(pairs, vocabulary, config.augmentation, config.batch, seed, start)

    objective = ContrastiveObjective(clip.model, config.loss, config.regulariser, watch_trees=config.watch_trees)
    fitted = fit(objective, stream, config, context, ahead=batches_ahead(pairs.pictures, context.device))
    clip.model.to(memory_format=torch.contiguous_format).eval()
    if vocabulary is not None:
        vocabulary.expand(clip.model)
    return fitted


def _stream(
    pairs: PairSet,
    vocabulary: CompactVocabulary | None,
    augmentation: AugmentationConfig,
    batch: int,
    seed: int,
    start: int,
) -> Iterator[Batch]:
    mean, deviation = pairs.preparation.mean, pairs.preparation.deviation
    rows_of_batches = batches(pairs.ids, pairs.copies, batch=batch, seed=seed, start=start, pictures=pairs.same_picture)
    part = all_ranks().part(batch)
    places = np.arange(part.start, part.stop)
    for step, rows in enumerate((whole[part] for whole in rows_of_batches), start):
        pictures = pairs.pictures.take(rows)
        images = augment(pictures, places, augmentation, seed=seed, step=step, mean=mean, deviation=deviation)
        tokens = pairs.tokens.take(rows)
        yield Batch(pairs.ids[rows], images, vocabulary.renumber(tokens) if vocabulary is not None else tokens)
