"""Training heads on frozen embeddings."""

import math
from collections.abc import Iterator

from tasks.training.config import HeadsConfig
from tasks.training.data.batch import Batch
from tasks.training.data.embeddings import EmbeddingSet, embedding_batches
from tasks.training.loop.context import HERE, Context
from tasks.training.loop.fit import Fitted, fit
from tasks.training.models.heads import Heads
from tasks.training.models.initialisation import initialised
from tasks.training.recipes.contrastive_objective import ContrastiveObjective


def build_heads(examples: EmbeddingSet, config: HeadsConfig, *, seed: int) -> Heads:
    """Fresh heads for embeddings of these dimensions."""
    heads = initialised(
        lambda: Heads(
            examples.image.shape[1],
            examples.text.shape[1],
            hidden=config.hidden,
            layers=config.layers,
            outputs=config.outputs,
        ),
        seed=seed,
    )
    heads.logit_scale.fill_(math.log(config.logit_scale))
    return heads


def train_heads(
    examples: EmbeddingSet,
    config: HeadsConfig,
    *,
    seed: int,
    context: Context = HERE,
) -> tuple[Heads, Fitted]:
    """Fresh heads, trained on `config.steps` batches.

    Args:
        examples: the frozen embeddings, drawn by their copies.
        config: sizes of the heads, budget, loss and optimiser.
        seed: decides the weights at the start and the order of the examples.
        context: where it runs, and who is told.

    Raises:
        EquipoiseError: a loss is not finite.
    """
    heads = build_heads(examples, config, seed=seed)
    objective = ContrastiveObjective(heads, config.loss, config.regulariser, watch_trees=config.watch_trees)

    def stream(start: int) -> Iterator[Batch]:
        return embedding_batches(examples, batch=config.batch, seed=seed, start=start)

    return heads, fit(objective, stream, config, context)
