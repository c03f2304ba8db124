"""Self-supervised training, on pictures alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tasks.arrays import Floats, Ids, Pixels
from tasks.training.data.augmentation import standardise
from tasks.training.data.batch import Batch
from tasks.training.data.epoch_order import batches
from tasks.training.data.images import DecodedPictures, Pictures, batches_ahead
from tasks.training.data.pairs import read_pairs
from tasks.training.distributed.ranks import all_ranks
from tasks.training.loop.context import HERE, Context
from tasks.training.loop.fit import Fitted, fit
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.networks import Projected, build_model, preparation
from tasks.training.selfsupervised.objective import SelfSupervisedObjective
from tasks.training.selfsupervised.views import DEVIATION, MEAN, view_draws


@dataclass(frozen=True)
class PictureSet:
    """Pictures ascending in id.

    Attributes:
        ids: uint64 `[n]`.
        copies: how often an epoch each is seen, float64 `[n]`.
        same_picture: uint64 `[n]`, equal for rows that show the same picture, which is not to be twice in a batch.
        pictures: by row.
        without_image: rows that were left out.
    """

    ids: Ids
    copies: Floats
    same_picture: Ids
    pictures: Pictures
    without_image: int = 0

    @classmethod
    def of(cls, pixels: Pixels) -> "PictureSet":
        """Pictures in memory, uint8 `[n, 3, s, s]`, numbered from 0."""
        ids = np.arange(len(pixels), dtype=np.uint64)
        return cls(ids, np.ones(len(pixels)), ids, DecodedPictures(pixels))


def read_pictures(paths: Sequence[Path], side: int, *, workers: int = 1, scratch: Path | None = None) -> PictureSet:
    """The pictures of pair or curated shards; captions and labels are left alone.

    Args:
        paths: the shards.
        side: pixels square that they are brought to.
        workers: threads that decode.
        scratch: where encoded pictures go when decoded ones would not fit.

    Raises:
        InputError: as `read_pairs` does.
    """
    pairs = read_pairs(
        paths,
        None,
        preparation=preparation(side),
        tokenizer=lambda texts: torch.empty(len(texts), 0, dtype=torch.int64),
        workers=workers,
        scratch=scratch,
    )
    return PictureSet(pairs.ids, pairs.copies, pairs.same_picture, pairs.pictures, pairs.without_image)


def train_self_supervised(
    examples: PictureSet,
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
        rows_of_batches = batches(
            examples.ids, examples.copies, batch=config.batch, seed=seed, start=start, pictures=examples.same_picture
        )
        for step, rows in enumerate((whole[part] for whole in rows_of_batches), start):
            pictures = torch.from_numpy(examples.pictures.take(rows))
            yield Batch(examples.ids[rows], pictures, view_draws(places, seed=seed, step=step))

    model = build_model(config, seed=seed).to(memory_format=torch.channels_last)
    objective = SelfSupervisedObjective(model, config)
    fitted = fit(objective, stream, config, context, ahead=batches_ahead(examples.pictures, context.device))
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
