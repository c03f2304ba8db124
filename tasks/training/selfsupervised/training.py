"""Self-supervised training, on pictures alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tasks.arrays import Pixels
from tasks.training.data.augmentation import standardise
from tasks.training.data.batch import Batch
from tasks.training.data.examples import Examples
from tasks.training.data.pairs import PairSet, no_tokens, read_pairs
from tasks.training.data.selection import Drawing
from tasks.training.distributed.ranks import all_ranks
from tasks.training.loop.context import HERE, Context
from tasks.training.loop.fit import Fitted, fit
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.networks import Projected, build_model, preparation
from tasks.training.selfsupervised.objective import SelfSupervisedObjective
from tasks.training.selfsupervised.views import DEVIATION, MEAN, view_draws


def read_pictures(paths: Sequence[Path], side: int, *, workers: int = 1) -> Examples:
    """The pictures of pair or curated shards, `side` pixels square; captions and labels are left alone.

    Raises `InputError` as `read_pairs` does.
    """
    return read_pairs(paths, Drawing(), preparation=preparation(side), tokenizer=no_tokens, workers=workers)


def pictures_of(pixels: Pixels) -> PairSet:
    """Pictures in memory, uint8 `[n, 3, s, s]`, numbered from 0."""
    return PairSet.of(pixels, preparation(pixels.shape[2]))


def train_self_supervised(
    examples: Examples,
    config: SelfSupervisedConfig,
    *,
    seed: int,
    context: Context = HERE,
) -> tuple[Projected, Fitted]:
    """Train a fresh network on `config.steps` batches of pictures.

    Args:
        examples: the pictures, drawn by their copies.
        config: network, views, budget and objective.
        seed: decides the weights at the start, the order of the pictures and their views, by hashes.
        context: where it runs, and who is told.

    Raises:
        EquipoiseError: a loss is not finite.
    """

    def stream(start: int) -> Iterator[Batch]:
        part = all_ranks().part(config.batch)
        places = np.arange(part.start, part.stop)
        drawn_batches = examples.batches(batch=config.batch, seed=seed, start=start, part=part)
        for step, drawn in enumerate(drawn_batches, start):
            yield Batch(drawn.ids, torch.from_numpy(drawn.pictures), view_draws(places, seed=seed, step=step))

    model = build_model(config, seed=seed).to(memory_format=torch.channels_last)
    objective = SelfSupervisedObjective(model, config, seed=seed)
    fitted = fit(objective, stream, config, context, ahead=examples.ahead(context.device))
    return model.to(memory_format=torch.contiguous_format).eval(), fitted


@torch.no_grad()
def features(network: nn.Module, pixels: Pixels, batch: int = 512) -> Tensor:
    """A network's outputs for pictures as they are, uint8 `[n, 3, s, s]` → float32 `[n, d]`."""
    device = next(network.parameters()).device
    parts = []
    for first in range(0, len(pixels), batch):
        pictures = standardise(pixels[first : first + batch], mean=MEAN, deviation=DEVIATION)
        parts.append(network(pictures.to(device)).float().cpu())
    return torch.cat(parts)
