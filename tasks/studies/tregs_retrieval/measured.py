"""Recall in both directions, the gap between the branches, and how evenly each fills the sphere."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from pydantic import Field
from torch import Tensor

from storage.config import Config
from storage.errors import InputError
from storage.store.workspace import Workspace
from storage.tables.shards import read_table
from tasks.geometry.shape.uniformity import treg_uniformity
from tasks.studies.selfsupervised.config import ArmLabel
from tasks.studies.tregs_retrieval.runs import RetrievalRun
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.tregs.treg import mst_length

_BLOCK = 512
_MOST = 10_000
"""Points of a spanning tree: as many as a batch's may have."""


class RetrievalOutcome(Config):
    """One model's numbers."""

    label: ArmLabel = Field(description="which model")
    pairs: int = Field(description="test pairs")
    image_recall: tuple[float, ...] = Field(description="recall@k of images asked for by captions, by k")
    text_recall: tuple[float, ...] = Field(description="recall@k of captions asked for by images")
    recall: float = Field(description="mean of all of them")
    image_first: float = Field(description="recall@k of images at the smallest k")
    text_first: float = Field(description="the same of captions")
    gap: float = Field(description="distance of the branches' means, on the unit sphere")
    image_uniformity: float = Field(description="L_u of the images, less is more uniform")
    text_uniformity: float = Field(description="L_u of the captions")
    image_tree: float = Field(description="T-REGS' uniformity of the images, over n - 1")
    text_tree: float = Field(description="the same of the captions")
    alignment: float = Field(description="mean squared distance of a pair")


def read_retrieval(runs: Sequence[RetrievalRun], ranks: Sequence[int], work: Workspace) -> list[RetrievalOutcome]:
    """The numbers of every run. Raises `InputError` where fewer than two test pairs have both embeddings."""
    return [_outcome(run, ranks, work) for run in runs]


def _outcome(run: RetrievalRun, ranks: Sequence[int], work: Workspace) -> RetrievalOutcome:
    table = read_table(work.shards(run.embeddings, "embeddings-*.parquet"), ["id", "image", "text"])
    captions = read_table(work.shards(run.pairs, "pairs-*.parquet"), ["id", "caption"])
    known = dict(zip(captions["id"].to_pylist(), captions["caption"].to_pylist(), strict=True))
    names = [known[identity] for identity in table["id"].to_pylist()]
    if len(names) < 2:
        raise InputError(f"{len(names)} test pairs have both embeddings; retrieval needs two at least")
    image, text = (_unit(table[branch]) for branch in ("image", "text"))
    same = torch.from_numpy(np.unique(names, return_inverse=True)[1])
    return measure_retrieval(run.label, image, text, same, ranks)


def measure_retrieval(
    label: ArmLabel, image: Tensor, text: Tensor, same: Tensor, ranks: Sequence[int]
) -> RetrievalOutcome:
    """The numbers of embeddings.

    Args:
        label: which model.
        image: of length 1, `[n, d]`.
        text: the captions' `[n, d]`.
        same: whole numbers `[n]`, equal for captions that are equal: each is a right answer to the other's image.
        ranks: k of recall@k.
    """
    image_recall, text_recall = recall(text, image, same, ranks), recall(image, text, same, ranks)
    n, d = image.shape
    trees = [treg_uniformity(mst_length(branch[:_MOST]).item(), d) / (min(n, _MOST) - 1) for branch in (image, text)]
    return RetrievalOutcome(
        label=label,
        pairs=n,
        image_recall=image_recall,
        text_recall=text_recall,
        recall=float(np.mean([*image_recall, *text_recall])),
        image_first=image_recall[0],
        text_first=text_recall[0],
        gap=torch.linalg.vector_norm(image.mean(dim=0) - text.mean(dim=0)).item(),
        image_uniformity=uniformity(image[:_MOST]).item(),
        text_uniformity=uniformity(text[:_MOST]).item(),
        image_tree=trees[0],
        text_tree=trees[1],
        alignment=(image - text).square().sum(dim=1).mean().item(),
    )


def recall(asking: Tensor, asked: Tensor, same: Tensor, ranks: Sequence[int]) -> tuple[float, ...]:
    """Share of `asking` `[n, d]` whose best right answer among `asked` `[n, d]` is within the first k, for each k.

    A wrong answer as near as the best right one stands before it, so embeddings that are all one answer nothing.
    """
    places = []
    for first in range(0, len(asking), _BLOCK):
        scores = asking[first : first + _BLOCK] @ asked.T
        right = same[first : first + _BLOCK, None] == same
        best = scores.masked_fill(~right, -torch.inf).amax(dim=1, keepdim=True)
        places.append(((scores >= best) & ~right).sum(dim=1))
    place = torch.cat(places)
    return tuple(float((place < k).double().mean()) for k in ranks)


def _unit(column: pa.ChunkedArray) -> Tensor:
    flat = column.combine_chunks()
    width = flat.type.list_size
    values = torch.from_numpy(flat.flatten().to_numpy(zero_copy_only=False).astype(np.float32)).reshape(-1, width)
    return torch.nn.functional.normalize(values, dim=1)
