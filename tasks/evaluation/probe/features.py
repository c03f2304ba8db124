"""Frozen features of labelled pictures: of a self-supervised backbone, or of a CLIP model's image tower."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from storage.errors import InputError
from storage.progress import progress
from storage.tables.references import embedded, present
from storage.tables.shards import count_rows, iter_batches
from tasks.evaluation.probe.linear import Labelled
from tasks.training.data.augmentation import standardise
from tasks.training.data.images import Preparation, decode_all
from tasks.training.models.protocol import Encoders
from tasks.training.models.saved import load_trained, model_facts
from tasks.training.selfsupervised.networks import KIND, load_model


@dataclass(frozen=True)
class PictureEncoder:
    """What turns pictures into features. encode: `[b, 3, s, s]` → `[b, d]`, on `device`."""

    encode: Callable[[Tensor], Tensor]
    preparation: Preparation
    device: str


def load_encoder(directory: Path, base: Path | None, device: str = "cpu", *, untrained: bool = False) -> PictureEncoder:
    """The image side of any model that a training stage wrote.

    Args:
        directory: the stage's output.
        base: for heads, the model that they stand on.
        device: where features are computed.
        untrained: a self-supervised backbone with the random weights that it began from.

    Raises:
        InputError: the folder holds no model, or `untrained` is asked of another kind of model.
    """
    if model_facts(directory).get("kind") == KIND:
        model, preparation = load_model(directory, device, untrained=untrained)
        return PictureEncoder(model.backbone, preparation, device)
    if untrained:
        raise InputError(f"{directory} holds no self-supervised model; only those can be evaluated untrained")
    clip = load_trained(directory, base, device)
    clip.model.eval()
    return PictureEncoder(cast(Encoders, clip.model).encode_image, Preparation.of(clip.transform), device)


@torch.no_grad()
def encode_labelled(
    paths: Sequence[Path], encoder: PictureEncoder, *, batch: int = 512, workers: int = 1, what: str = "images"
) -> Labelled:
    """Features of every row of pair shards that has an image and a label, ascending in id.

    Rows are encoded in batches that run over the ends of shards, so the cuts between shards leave no trace.

    Args:
        paths: the shards.
        encoder: what turns pictures into features.
        batch: rows encoded at a time.
        workers: threads that decode.
        what: what the rows are called in errors and progress.

    Raises:
        InputError: no row has both, an id comes twice, or an image cannot be decoded.
    """
    ids, labels, parts = [], [], []
    with progress(sum(map(count_rows, paths)), f"encoding {what}", unit="row") as bar:
        for rows in _full_batches(paths, batch):
            encoded = embedded(rows["image"]).field("bytes").to_pylist()
            pixels = decode_all(encoded, rows["key"].to_pylist(), encoder.preparation, workers)
            inputs = standardise(pixels, mean=encoder.preparation.mean, deviation=encoder.preparation.deviation)
            parts.append(encoder.encode(inputs.to(encoder.device)).float().cpu())
            ids.append(rows["id"].to_numpy())
            labels.append(rows["label"].to_numpy().astype(np.int64))
            bar.update(len(rows))
    if not parts:
        raise InputError(f"none of the {what} has both an image and a label; name the source's label_column")
    numbers = np.concatenate(ids)
    order = np.argsort(numbers, kind="stable")
    if (twice := numbers[order][1:][np.diff(numbers[order]) == 0]).size:
        raise InputError(f"id {twice[0]} is among the {what} more than once; give every source once")
    by_id = torch.from_numpy(order)
    return Labelled(numbers[order], torch.cat(parts)[by_id], torch.from_numpy(np.concatenate(labels))[by_id])


def _full_batches(paths: Sequence[Path], batch: int) -> Iterator[pa.Table]:
    """Rows with an image's bytes and a label that is not negative, `batch` at a time."""
    waiting: list[pa.Table] = []
    for part in iter_batches(paths, ["id", "key", "image", "label"], rows=batch):
        table = pa.table(part).combine_chunks()
        there = present(table["image"])
        waiting.append(table.filter(pc.and_(pc.fill_null(pc.greater_equal(table["label"], 0), False), there)))
        while sum(map(len, waiting)) >= batch:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, batch)
            waiting = [joined.slice(batch)]
    if any(map(len, waiting)):
        yield pa.concat_tables(waiting)
