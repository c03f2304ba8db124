"""Training heads on concept-targeted batches."""

from collections.abc import Iterator

import numpy as np
import torch

from tasks.arrays import Floats
from tasks.studies.online.targeted import RowKeywords, targeted_batches
from tasks.training.config import HeadsConfig
from tasks.training.data.batch import Batch
from tasks.training.data.embeddings import EmbeddingSet
from tasks.training.loop.context import HERE, Context
from tasks.training.loop.fit import Fitted, fit
from tasks.training.models.heads import Heads
from tasks.training.recipes.contrastive_objective import ContrastiveObjective
from tasks.training.recipes.heads import build_heads


def train_targeted(
    examples: EmbeddingSet,
    keywords: RowKeywords,
    target: Floats,
    config: HeadsConfig,
    *,
    candidates: int,
    seed: int,
    context: Context = HERE,
) -> tuple[Heads, Fitted]:
    """Fresh heads, trained as `train_heads` trains them, on other batches.

    Args:
        examples: the frozen embeddings.
        keywords: of the examples.
        target: `[m]`, shares of keywords.
        config: sizes of the heads, budget, loss and optimiser.
        candidates: batches' worth of examples that each batch is chosen from.
        seed: decides the weights at the start and the order of the candidates.
        context: where it runs, and who is told.

    Raises:
        EquipoiseError: a loss is not finite.
    """
    heads = build_heads(examples, config, seed=seed)
    objective = ContrastiveObjective(heads, config.loss, config.regulariser, watch_trees=config.watch_trees)

    def stream(start: int) -> Iterator[Batch]:
        chosen = targeted_batches(
            examples.ids, keywords, target, batch=config.batch, candidates=candidates, seed=seed, start=start
        )
        for rows in chosen:
            places = examples.place[rows]
            image, text = (
                torch.from_numpy(store[places].astype(np.float32, copy=False))
                for store in (examples.image, examples.text)
            )
            yield Batch(examples.ids[rows], image, text)

    return heads, fit(objective, stream, config, context)
