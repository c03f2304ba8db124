"""Pictures of one set that are copies of pictures of another: cropped, shifted, mirrored or recoloured ones too.

Candidates are near in a small pixel vector; each is then measured by `alignment.aligned_distances`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from storage.errors import InputError
from tasks.arrays import Bools, Float32s, Floats, Int32s, Int64s, Pixels
from tasks.embedding.pictures.pixels import pixel_vectors
from tasks.geometry.neighbours.tile_search import TileSearch
from tasks.ordered_map import ordered_map
from tasks.screening.pictures.alignment import SIDE, aligned_distances
from tasks.threads import one_torch_thread

SAME_PICTURE = 0.55
"""Aligned distance up to which two pictures count as the same.

Chosen on CIFAR-10's test images by eye, in order of distance: of those found below 0.49, 1 in 100 is merely alike (the
same kind of aeroplane against the sky, a ship on the sea); from 0.49 to 0.53 1 in 12; from 0.53 to 0.57 1 in 5; from
0.57 to 0.61 half of them. The classes agree with that: 99.5 % of the pairs within 0.55 share theirs, 47 % of all.
"""

CANDIDATES = 16
_VECTOR_SIDE = 8
_BLOCK = 256


@dataclass(frozen=True)
class NearestPictures:
    """For every one of m evaluation pictures the training picture most like it.

    position: int64 `[m]`. distance: float32 `[m]`, aligned. mirrored: bool `[m]`, whether one is the other's mirror
    image.
    """

    position: Int64s
    distance: Float32s
    mirrored: Bools


def nearest_pictures(
    train: Pixels,
    evaluation: Pixels,
    *,
    candidates: int = CANDIDATES,
    workers: int = 1,
    advance: Callable[[int], object] = lambda pictures: None,
) -> NearestPictures:
    """The training picture most like each evaluation picture; of equally alike ones the first. `O(n m)` small vectors.

    Args:
        train: thumbnails, uint8 `[n, 3, SIDE, SIDE]`.
        evaluation: thumbnails, uint8 `[m, 3, SIDE, SIDE]`.
        candidates: pictures nearest by pixel vector that are measured, and as many of the mirror image.
        workers: threads.
        advance: called with the pictures done.

    Raises:
        InputError: no training pictures.
    """
    if not len(train):
        raise InputError("there are no training pictures to compare with; give at least one")
    count = len(evaluation)
    if not count:
        return NearestPictures(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, bool))
    near = _candidates(train, evaluation, min(candidates, len(train)), workers)

    def measure(first: int) -> tuple[Int32s, Float32s, Bools]:
        rows = np.arange(first, min(count, first + _BLOCK))
        listed = np.concatenate([near[rows], near[count + rows]], axis=1)  # as they are, and mirrored
        columns, place = np.unique(listed, return_inverse=True)
        width = listed.shape[1]
        pairs = np.stack([np.repeat(np.arange(len(rows)), width), place.ravel()], axis=1)
        mirrored = np.tile(np.arange(width) >= width // 2, len(rows))
        distance = aligned_distances(evaluation[rows], train[columns], pairs, mirrored).reshape(listed.shape)
        best = np.lexsort((listed, distance), axis=1)[:, 0]
        own = np.arange(len(rows))
        return listed[own, best], distance[own, best], best >= width // 2

    parts = []
    for part in ordered_map(measure, range(0, count, _BLOCK), workers=workers, initializer=one_torch_thread):
        parts.append(part)
        advance(len(part[0]))
    position, distance, mirrored = (np.concatenate(column) for column in zip(*parts, strict=True))
    return NearestPictures(position.astype(np.int64), distance, mirrored)


def _candidates(train: Pixels, evaluation: Pixels, k: int, workers: int) -> Int32s:
    """Nearest training pictures of the evaluation pictures and of their mirror images, int32 `[2 m, k]`."""
    vectors = [_unit(pixel_vectors(_shrunk(some))) for some in (evaluation, evaluation[..., ::-1], train)]
    queries = 2 * len(evaluation)
    labels = (np.arange(queries + len(train)) >= queries).astype(np.int32)
    search = TileSearch(np.concatenate(vectors), workers=workers)
    positions, _ = search.nearest_outside(np.arange(queries, dtype=np.int32), labels, k)
    return positions - np.int32(queries)


def _shrunk(thumbnails: Pixels) -> Floats:
    step = SIDE // _VECTOR_SIDE
    return thumbnails.reshape(len(thumbnails), 3, _VECTOR_SIDE, step, _VECTOR_SIDE, step).mean(axis=(3, 5))


def _unit(vectors: Float32s) -> Float32s:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(norms, 1e-6)).astype(np.float32)
