"""The selected pairs written to shards: every one found, each side in hash order."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from storage.tables.schemas import CURATED
from storage.tables.shards import ShardWriter
from tasks.resampling.shards.curated import Layout, curated_batches
from tasks.resampling.shards.shuffle import Shuffle

BUCKET_BYTES = 512 << 20


@dataclass(frozen=True)
class Folders:
    """Where shards go, and where buckets may lie while they are sorted (emptied first)."""

    output: Path
    scratch: Path


def write_curated(
    selection: pa.Table,
    pairs: Sequence[Path],
    matches: Sequence[Path],
    layout: Layout,
    folders: Folders,
    *,
    rows_per_shard: int,
) -> dict[str, int]:
    """Write `curated-*.parquet`, and `validation-*.parquet` if a share is held out.

    Args:
        selection: the `selection` table.
        pairs: shards of the `pairs` table.
        matches: shards of the `matches` table; they need not correspond.
        layout: seed, validation share, and whether copies become rows.
        folders: where to.
        rows_per_shard: rows in a shard at most.

    Returns:
        Rows of each side that was written, "curated" and "validation".

    Raises:
        InputError: a selected caption is not in the pairs.
    """
    size = int(np.sum(selection.column("multiplicity").to_numpy(), dtype=np.int64))
    wanted = size if layout.expand else selection.num_rows
    copies = max(1.0, wanted / max(1, selection.num_rows))
    total = sum(path.stat().st_size for path in pairs) * copies
    buckets = 1 << max(0, int(np.ceil(np.log2(max(1.0, total / BUCKET_BYTES)))))
    shutil.rmtree(folders.scratch, ignore_errors=True)
    names = ("curated", "validation") if layout.validation > 0 else ("curated",)
    sides = {name: Shuffle(folders.scratch / name, CURATED, buckets) for name in names}
    found = 0
    for batch in curated_batches(selection, pairs, matches, layout):
        found += batch.rows.num_rows
        for name, chosen in (("curated", ~batch.held_out), ("validation", batch.held_out)):
            if chosen.any():
                sides[name].add(batch.rows.filter(pa.array(chosen)), batch.order[chosen])
    if found != wanted:
        raise InputError(
            f"the selection names {selection.num_rows} captions, but {found} rows were found in the pairs; "
            "pass the pairs that the matches were made from"
        )
    written = {}
    for name, side in sides.items():
        with ShardWriter(folders.output, name, CURATED, rows_per_shard=rows_per_shard) as writer:
            side.write(writer)
        written[name] = writer.rows
    return written
