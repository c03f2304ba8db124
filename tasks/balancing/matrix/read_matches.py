"""The `matches` table as one matrix, sorted by id: for what needs all captions in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from storage.errors import InputError
from storage.tables.shards import read_table
from tasks.arrays import Ids, Int64s, Keywords
from tasks.balancing.matrix.checks import check_rows
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.match_stream import as_block


def read_incidence(paths: Sequence[Path], columns: int) -> tuple[Incidence, int]:
    """All shards of the `matches` table as one matrix of the *matched* captions, sorted by id.

    Sorting by id makes every later floating-point sum independent of how the rows were sharded. Captions that
    match nothing have no mass under any measure here: they are left out and only counted.

    Args:
        paths: shards of the `matches` table.
        columns: number of keywords m.

    Returns:
        `(matrix, unmatched)`, the number of captions without any keyword.

    Raises:
        InputError: an id occurs twice, or a match names an unknown keyword.
    """
    blocks = [_read_block(path, columns) for path in paths]
    ids = np.concatenate([np.zeros(0, np.uint64), *(block[0] for block in blocks)])
    degrees = np.concatenate([np.zeros(0, np.int64), *(np.diff(block[1]) for block in blocks)])
    indices = np.concatenate([np.zeros(0, np.uint32), *(block[2] for block in blocks)])
    indptr = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum(degrees, out=indptr[1:])
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twice):
        raise InputError(
            f"id {int(ordered[twice[0]])} occurs more than once in the matches; every caption needs its own key"
        )
    matched = degrees[order] > 0
    unmatched = int(len(order) - matched.sum())
    return Incidence(ids, indptr, indices, columns).take(order[matched]), unmatched


def _read_block(path: Path, columns: int) -> tuple[Ids, Int64s, Keywords]:
    """One shard as `(ids, indptr, indices)`, without the rows that are gone."""
    table = read_table([path], columns=["id", "entries"])
    table = table.filter(table.column("entries").is_valid())
    block = as_block(table.column("entries"))
    check_rows(block.indptr, block.indices, columns)
    return table.column("id").to_numpy().astype(np.uint64, copy=False), block.indptr, block.indices
