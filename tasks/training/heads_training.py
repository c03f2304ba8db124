"""Training heads on frozen embeddings."""

from collections.abc import Iterator
from pathlib import Path

import torch

from tasks.training.config import HeadsConfig
from tasks.training.contrastive import Objective
from tasks.training.embedded import EmbeddingSet, embedding_batches
from tasks.training.heads import Heads
from tasks.training.loop import Batch, Fitted, fit


def build_heads(examples: EmbeddingSet, config: HeadsConfig, *, seed: int) -> Heads:
    """Heads for embeddings of these dimensions; torch's default initialisation from a generator of its own."""
    heads = Heads(
        examples.image.shape[1],
        examples.text.shape[1],
        hidden=config.hidden,
        layers=config.layers,
        outputs=config.outputs,
        logit_scale=config.logit_scale,
    )
    generator = torch.Generator().manual_seed(seed)
    for module in heads.modules():
        if isinstance(module, torch.nn.Linear):
            bound = module.in_features**-0.5
            with torch.no_grad():
                module.weight.uniform_(-bound, bound, generator=generator)
                module.bias.uniform_(-bound, bound, generator=generator)
    return heads


def train_heads(
    examples: EmbeddingSet,
    config: HeadsConfig,
    *,
    seed: int,
    device: str = "cpu",
    scratch: Path | None = None,
    description: str = "training heads",
) -> tuple[Heads, Fitted]:
    """Heads trained on `config.steps` batches, drawn by copies; the seed decides the start and the order."""
    heads = build_heads(examples, config, seed=seed)
    objective = Objective(heads, config.loss, config.regulariser, watch_trees=config.watch_trees)

    def stream(start: int) -> Iterator[Batch]:
        return embedding_batches(examples, batch=config.batch, seed=seed, start=start)

    return heads, fit(objective, stream, config, device=device, scratch=scratch, description=description)
