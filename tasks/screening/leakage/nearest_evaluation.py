"""Leakage: training images that are nearly evaluation images, and captions that repeat class prompts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from tasks.arrays import Float32s, Int64s
from tasks.geometry.neighbours.distinct_points import checked_points
from tasks.geometry.neighbours.tile_search import TileSearch


@dataclass(frozen=True)
class NearestEvaluation:
    """For every training row the nearest evaluation row: its position int64 `[n]`, and the distance float32 `[n]`."""

    position: Int64s
    distance: Float32s


def nearest_evaluation(train: npt.ArrayLike, evaluation: npt.ArrayLike, *, workers: int = 1) -> NearestEvaluation:
    """Exact nearest evaluation vectors of training vectors `[n, d]` and `[m, d]`; of equally near ones the first.

    Raises `InputError` where the dimensions differ, either is no matrix or there are no evaluation vectors.
    """
    train, evaluation = np.asarray(train), np.asarray(evaluation)
    if train.ndim != 2 or evaluation.ndim != 2:
        raise InputError(f"embeddings must be matrices [n, d], not of shapes {train.shape} and {evaluation.shape}")
    if train.shape[1] != evaluation.shape[1] or not len(evaluation):
        raise InputError(
            f"training embeddings have {train.shape[1]} dimensions and {len(evaluation)} evaluation embeddings "
            f"{evaluation.shape[1]}; embed both with the same model"
        )
    points, scale = checked_points(np.concatenate([evaluation, train]))
    labels = np.zeros(len(points), np.int32)
    labels[len(evaluation) :] = 1
    queries = np.arange(len(evaluation), len(points), dtype=np.int32)
    position, squared = TileSearch(points, workers=workers).nearest_components(queries, labels, 1)
    return NearestEvaluation(position[:, 0].astype(np.int64), np.sqrt(squared[:, 0]) * np.float32(scale))


def plain_words(text: str) -> str:
    """Lower case, letters and digits only, single spaces: `"A photo of a cat."` → `"a photo of a cat"`."""
    return " ".join(re.sub(r"[^\w]+|_", " ", text.casefold()).split())


def repeated_prompts(captions: pa.Array, prompts: Sequence[str]) -> pa.Array:
    """For every caption the prompt that it repeats, punctuation and case aside; null for the others."""
    known = {plain_words(prompt): prompt for prompt in reversed(prompts)}
    distinct = pc.dictionary_encode(captions)
    found = pa.array([known.get(plain_words(text)) for text in distinct.dictionary.to_pylist()], pa.string())
    return found.take(distinct.indices)
