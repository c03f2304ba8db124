"""Embeddings from shards into one matrix, in the order of their ids."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.tables.shards import read_table


def read_vectors(paths: Sequence[Path], column: str) -> tuple[np.ndarray, np.ndarray]:
    """The ids uint64 `[n]`, ascending, and the vectors float32 `[n, d]` of a column `column` of embeddings.

    Raises `InputError` where the shards lack the column, differ in dimension, or hold an id twice.
    """
    parts: list[np.ndarray] = []
    ids: list[np.ndarray] = []
    for path in paths:
        if column not in pq.read_schema(path).names:
            raise InputError(f"{path} holds no {column} embeddings; embed with modality 'both' or {column!r}")
        table = read_table(path, ["id", column])
        ids.append(table["id"].to_numpy())
        parts.append(_matrix(table[column]))
    if not parts:
        raise InputError("there are no embeddings: the given stages wrote no embeddings-*.parquet")
    if len({part.shape[1] for part in parts}) > 1:
        raise InputError(f"embeddings of several dimensions {sorted({part.shape[1] for part in parts})} do not compare")
    every = np.concatenate(ids)
    order = np.argsort(every, kind="stable")
    every = every[order]
    if len(twice := every[1:][every[1:] == every[:-1]]):
        raise InputError(f"id {twice[0]} is in the given embeddings more than once; give every group once")
    return every, np.concatenate(parts)[order]


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    width = column.type.list_size
    if not len(column):
        return np.empty((0, width), np.float32)
    flat = pa.concat_arrays([chunk.flatten() for chunk in column.chunks])
    return flat.to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, width)
