"""Frozen embeddings as training examples for heads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch

from storage.errors import InputError
from storage.mapped import new_array
from storage.tables.shards import iter_batches
from tasks.arrays import Floats, Ids, Int64s, Reals
from tasks.training.data.batch import Batch
from tasks.training.data.epoch_order import batches
from tasks.training.data.selection import Selection
from tasks.training.distributed.ranks import all_ranks


@dataclass(frozen=True)
class EmbeddingSet:
    """Examples ascending in id; row i's vectors lie at `place[i]` of the stores.

    Attributes:
        ids: uint64 `[n]`.
        copies: of each an epoch, float64 `[n]`.
        place: int64 `[n]`.
        same_picture: uint64 `[n]`, equal for rows whose image vectors are, bit by bit: several captions of one picture.
        image: `[rows, d]` in the order they were read, perhaps memory-mapped.
        text: the same of the captions.
    """

    ids: Ids
    copies: Floats
    place: Int64s
    same_picture: Ids
    image: Reals
    text: Reals


def read_embeddings(paths: Sequence[Path], selection: Selection | None, scratch: Path | None = None) -> EmbeddingSet:
    """The selected rows of embedding shards.

    scratch: where the vectors go, as memory-mapped files `[rows, d]` in their own float type; None: into memory.
    Raises `InputError` when a branch is missing, dimensions differ, nothing is selected or an id comes twice.
    """
    import xxhash  # here, since the examples of others are trained on where it is missing

    if not paths:
        raise InputError("there are no embeddings to train on: the given stages wrote no embeddings-*.parquet")
    for path in paths:
        if missing := {"id", "image", "text"} - {*pq.read_schema(path).names}:
            raise InputError(f"{path} has no column {sorted(missing)[0]!r}; heads need image and text embeddings")
    rows = sum(pq.read_metadata(path).num_rows for path in paths)
    ids, stores, filled = np.empty(rows, np.uint64), {}, 0
    kept, hashes = np.empty(rows), np.empty(rows, np.uint64)
    for path in paths:
        for table in iter_batches(path, ["id", "image", "text"]):
            some = table["id"].to_numpy()
            copies = selection(some) if selection is not None else np.ones(len(some))
            keep = copies > 0
            span = slice(filled, filled + int(keep.sum()))
            ids[span], kept[span] = some[keep], copies[keep]
            for name in ("image", "text"):
                vectors = table[name].flatten().to_numpy(zero_copy_only=False).reshape(len(some), -1)
                if name not in stores:
                    stores[name] = _store(scratch, name, (rows, vectors.shape[1]), vectors.dtype)
                if vectors.shape[1] != stores[name].shape[1]:
                    known = stores[name].shape[1]
                    raise InputError(f"{path} has {name} vectors of {vectors.shape[1]} numbers, other shards {known}")
                stores[name][span] = vectors[keep]
            hashes[span] = [xxhash.xxh3_64_intdigest(vector) for vector in stores["image"][span]]
            filled = span.stop
    if not filled:
        raise InputError("there are no examples to train on: no embedding has a selected id")
    order = np.argsort(ids[:filled], kind="stable")
    ids = ids[:filled][order]
    if len(twice := ids[1:][ids[1:] == ids[:-1]]):
        raise InputError(f"id {twice[0]} is in the given embeddings more than once; give every source once")
    return EmbeddingSet(ids, kept[:filled][order], order, hashes[:filled][order], stores["image"], stores["text"])


def embedding_batches(examples: EmbeddingSet, *, batch: int, seed: int, start: int) -> Iterator[Batch]:
    """This rank's part of the batches from number `start` on, float32.

    Args:
        examples: what is drawn from.
        batch: examples a step, over all ranks.
        seed: of the order.
        start: number of the first batch.
    """
    part = all_ranks().part(batch)
    pictures = examples.same_picture
    for whole in batches(examples.ids, examples.copies, batch=batch, seed=seed, start=start, pictures=pictures):
        rows = whole[part]
        places = examples.place[rows]
        image = torch.from_numpy(examples.image[places].astype(np.float32, copy=False))
        text = torch.from_numpy(examples.text[places].astype(np.float32, copy=False))
        yield Batch(examples.ids[rows], image, text)


def _store(scratch: Path | None, name: str, shape: tuple[int, int], dtype: np.dtype[np.floating]) -> Reals:
    if scratch is None:
        return np.empty(shape, dtype)
    scratch.mkdir(parents=True, exist_ok=True)
    return new_array(scratch / f"{name}.npy", dtype, shape)
