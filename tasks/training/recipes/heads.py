"""Training heads on frozen embeddings."""

import math
from collections.abc import Iterator
from pathlib import Path

from tasks.training.config import HeadsConfig
from tasks.training.data.batch import Batch
from tasks.training.data.embeddings import EmbeddingSet, embedding_batches
from tasks.training.loop.context import HERE, Context
from tasks.training.loop.fit import Fitted, fit
from tasks.training.models.heads import Heads
from tasks.training.models.initialisation import initialised
from tasks.training.models.saved import save_heads
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
    along: Path | None = None,
) -> tuple[Heads, Fitted]:
    """Fresh heads, trained on `config.steps` batches.

    Args:
        examples: the frozen embeddings, drawn by their copies.
        config: sizes of the heads, budget, loss and optimiser.
        seed: decides the weights at the start and the order of the examples.
        context: where it runs, and who is told.
        along: where the heads of every `config.keep_every` steps are kept (`kept_heads` finds them there).

    Raises:
        EquipoiseError: a loss is not finite.
    """
    heads = build_heads(examples, config, seed=seed)
    objective = ContrastiveObjective(heads, config.loss, config.regulariser, watch_trees=config.watch_trees)

    def stream(start: int) -> Iterator[Batch]:
        return embedding_batches(examples, batch=config.batch, seed=seed, start=start)

    def keep(step: int) -> None:
        if along is not None and config.keep_every is not None and step % config.keep_every == 0:
            save_heads(along / f"step-{step:07d}", heads)

    return heads, fit(objective, stream, config, context, after=keep)
