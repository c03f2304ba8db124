"""Training heads on frozen embeddings."""

import math
from collections.abc import Iterator
from pathlib import Path

from storage.progress import Report, silent
from tasks.training.config import HeadsConfig
from tasks.training.data.batch import Batch
from tasks.training.data.embeddings import EmbeddingSet, embedding_batches
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
    device: str = "cpu",
    scratch: Path | None = None,
    description: str = "training heads",
    report: Report = silent,
) -> tuple[Heads, Fitted]:
    """Heads trained on `config.steps` batches, drawn by copies; the seed decides the start and the order."""
    heads = build_heads(examples, config, seed=seed)
    objective = ContrastiveObjective(heads, config.loss, config.regulariser, watch_trees=config.watch_trees)

    def stream(start: int) -> Iterator[Batch]:
        return embedding_batches(examples, batch=config.batch, seed=seed, start=start)

    return heads, fit(objective, stream, config, device=device, scratch=scratch, description=description, report=report)
