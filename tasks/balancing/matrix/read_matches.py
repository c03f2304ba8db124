"""The `matches` table as compressed rows: one shard as it lies, or all shards sorted by id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from storage.errors import InputError
from storage.tables.ids import as_ids
from storage.tables.shards import read_table
from tasks.arrays import Ids, Int64s, Keywords
from tasks.balancing.matrix.checks import check_rows
from tasks.balancing.matrix.incidence import Incidence


def read_shard(path: Path | str, columns: int, without: Ids | None = None) -> Incidence:
    """One shard of the `matches` table, rows in the shard's order, also those without a keyword.

    Ids in `without` are left out. Raises `InputError` for a row without a list, or an unknown keyword.
    """
    table = read_table([Path(path)], columns=["id", "entries"])
    ids = table.column("id").to_numpy().astype(np.uint64, copy=False)
    indptrs: list[Int64s] = [np.zeros(1, dtype=np.int64)]
    pieces: list[Keywords] = []
    matches = 0
    for chunk in table.column("entries").chunks:
        if chunk.null_count:
            raise InputError(f"{Path(path).name} has a row whose entries are null; run matching again")
        offsets = chunk.offsets.to_numpy().astype(np.int64)
        values = chunk.values.to_numpy(zero_copy_only=False)[offsets[0] : offsets[-1]] if len(chunk) else []
        pieces.append(np.asarray(values, dtype=np.uint32))
        indptrs.append(offsets[1:] - offsets[0] + matches)
        matches += len(pieces[-1])
    indptr = np.concatenate(indptrs)
    indices = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.uint32)
    check_rows(indptr, indices, columns)
    held = Incidence(ids, indptr, indices, columns)
    if without is None or not len(without):
        return held
    return held.take(np.flatnonzero(~np.isin(ids, as_ids(without))))  # beside int64, numpy would compare ids as floats


def read_incidence(paths: Sequence[Path], columns: int, *, without: Ids | None = None) -> tuple[Incidence, int]:
    """All shards of the `matches` table as one matrix of the *matched* captions, sorted by id.

    Sorting by id makes every later floating-point sum independent of how the rows were sharded. Captions that
    match nothing have no mass under any measure here: they are left out and only counted.

    Args:
        paths: shards of the `matches` table.
        columns: number of keywords m.
        without: ids that were taken down, treated as if they had never been matched.

    Returns:
        `(matrix, unmatched)`, the number of captions without any keyword.

    Raises:
        InputError: an id occurs twice, or a match names an unknown keyword.
    """
    shards = [read_shard(path, columns, without) for path in paths]
    ids = np.concatenate([np.zeros(0, np.uint64), *(shard.ids for shard in shards)])
    degrees = np.concatenate([np.zeros(0, np.int64), *(shard.degrees for shard in shards)])
    indices = np.concatenate([np.zeros(0, np.uint32), *(shard.indices for shard in shards)])
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
