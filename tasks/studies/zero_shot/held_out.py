"""Pairs that no training sees, and what heads make of them along their training: their loss, and retrieval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import xxhash
from torch import Tensor

from storage.draws import uniform
from storage.errors import InputError
from storage.record.stats import Stats
from tasks.arrays import Bools, Ids, Reals
from tasks.studies.zero_shot.config import HoldOutConfig
from tasks.training.data.embeddings import EmbeddingSet
from tasks.training.losses.balanced import balanced_contrastive_loss
from tasks.training.models.heads import Heads
from tasks.training.models.saved import load_heads

BLOCK = 1_024


@dataclass(frozen=True)
class Split:
    """Which rows of an `EmbeddingSet` are trained on, and which are held out; some are neither.

    Attributes:
        trained: `[n]`.
        held: `[n]`, each caption and each picture once.
    """

    trained: Bools
    held: Bools


class Judged(Stats):
    """Heads on held-out pairs, by number of steps.

    Attributes:
        steps: the numbers of steps.
        loss: the training's own loss, a mean over whole batches of the training's size.
        clip_loss: CLIP's (k = 1) on the same batches, whatever the training's.
        captions: recall@k of the picture's caption, by k, along the steps.
        pictures: recall@k of the caption's picture.
    """

    steps: tuple[int, ...]
    loss: tuple[float, ...]
    clip_loss: tuple[float, ...]
    captions: dict[int, tuple[float, ...]]
    pictures: dict[int, tuple[float, ...]]


def split(examples: EmbeddingSet, config: HoldOutConfig) -> Split:
    """Hold a share of the captions out, by hash: a caption is on one side, and no held-out picture is trained on.

    Equal captions, and equal pictures, are those of equal vectors: heads cannot tell them apart. Of the rows that are
    held out each caption stands once and each picture once, so that there is one right answer to each.

    Raises `InputError` where either side would be empty.
    """
    captions = _hashes(examples.text, examples)
    chosen = uniform(captions, seed=config.seed, purpose="held out") < config.share
    trained = ~chosen & ~np.isin(examples.same_picture, examples.same_picture[chosen])
    rows = np.flatnonzero(chosen)
    for values in (captions, examples.same_picture):
        rows = rows[np.sort(np.unique(values[rows], return_index=True)[1])]
    held = np.zeros(len(captions), bool)
    held[rows] = True
    if not held.any() or not trained.any():
        raise InputError(
            f"held_out.share of {config.share:g} leaves {int(held.sum())} of {len(held)} pairs to judge by and "
            f"{int(trained.sum())} to train on; give another share, or more data"
        )
    return Split(trained, held)


def judge(
    kept: Mapping[int, Path],
    examples: EmbeddingSet,
    held: Ids,
    *,
    batch: int,
    half_steps: int,
    recall_k: Sequence[int],
) -> Judged:
    """Heads that a training kept, on held-out pairs in their order.

    Args:
        kept: folders of heads, by the steps that they had seen.
        examples: of all pairs.
        held: ids of those that are held out, ascending; ids are hashes, so that batches of them are random.
        batch: size of the training's batches.
        half_steps: k of the training's loss.
        recall_k: k of recall@k.

    Raises:
        InputError: there are fewer held-out pairs than a batch, or than a k.
    """
    least = max(batch, *recall_k)
    if len(held) < least:
        raise InputError(
            f"{len(held)} pairs are held out, fewer than the {least} that a batch or recall@k needs; raise "
            "held_out.share"
        )
    places = examples.place[np.searchsorted(examples.ids, held)]
    given = [torch.from_numpy(store[places].astype(np.float32)) for store in (examples.image, examples.text)]
    rows = [_judged(load_heads(kept[step]), given[0], given[1], batch, half_steps, recall_k) for step in sorted(kept)]
    return Judged(
        steps=tuple(sorted(kept)),
        loss=tuple(row[0] for row in rows),
        clip_loss=tuple(row[1] for row in rows),
        captions={k: tuple(row[2][k] for row in rows) for k in recall_k},
        pictures={k: tuple(row[3][k] for row in rows) for k in recall_k},
    )


@torch.inference_mode()
def _judged(
    heads: Heads, image: Tensor, text: Tensor, batch: int, half_steps: int, recall_k: Sequence[int]
) -> tuple[float, float, dict[int, float], dict[int, float]]:
    images, texts, scale = heads(image, text)
    logits = [
        scale * images[start : start + batch] @ texts[start : start + batch].T
        for start in range(0, len(images) - batch + 1, batch)
    ]
    own, clip = (
        float(np.mean([balanced_contrastive_loss(each, k).item() for each in logits])) for k in (half_steps, 1)
    )
    return own, clip, recalls(images, texts, recall_k), recalls(texts, images, recall_k)


def recalls(queries: Tensor, keys: Tensor, recall_k: Sequence[int]) -> dict[int, float]:
    """The share of queries `[n, d]` whose own key `[n, d]` is among the nearest k, by k; of ties it is last."""
    ranks = []
    for start in range(0, len(queries), BLOCK):
        scores = queries[start : start + BLOCK] @ keys.T
        own = scores.diagonal(start).unsqueeze(1)
        ranks.append((scores >= own).sum(dim=1))  # itself included
    found = torch.cat(ranks)
    return {k: float((found <= k).double().mean()) for k in recall_k}


def _hashes(vectors: Reals, examples: EmbeddingSet) -> Ids:
    """A hash of each row's vector, uint64 `[n]`."""
    return np.array([xxhash.xxh3_64_intdigest(vectors[place]) for place in examples.place], np.uint64)
