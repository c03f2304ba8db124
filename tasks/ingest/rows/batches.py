"""Rows gathered into tables, in the schemas that the store knows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from storage.tables.ids import row_ids
from storage.tables.references import content_hash
from storage.tables.schemas import IMAGE, PAIRS, REJECTED
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.text import printable

ROWS_PER_BATCH = 1_024
BYTES_PER_BATCH = 64 << 20


@dataclass(frozen=True)
class Batch:
    """Some consecutive rows of a source: the accepted, in the `PAIRS` schema, and the others, in `REJECTED`.

    Where the source names what rows carry, the accepted have it in last columns (`schemas.with_carried`).
    """

    pairs: pa.Table
    rejected: pa.Table


def make_batches(
    rows: Iterable[Pair | Rejection],
    source: str,
    *,
    rows_per_batch: int = ROWS_PER_BATCH,
    bytes_per_batch: int = BYTES_PER_BATCH,
) -> Iterator[Batch]:
    """Gather rows into tables of at most `rows_per_batch` rows and about `bytes_per_batch` bytes of images.

    A row's id is `row_ids(source, key)`: it depends on the source's name and own key, not on the row's place.
    """
    pairs: list[Pair] = []
    rejected: list[Rejection] = []
    size = 0
    for row in rows:
        if isinstance(row, Pair):
            pairs.append(row)
            size += len(row.image or b"")
        else:
            rejected.append(row)
        if len(pairs) + len(rejected) >= rows_per_batch or size >= bytes_per_batch:
            yield Batch(pairs_table(pairs, source), rejected_table(rejected))
            pairs, rejected, size = [], [], 0
    if pairs or rejected:
        yield Batch(pairs_table(pairs, source), rejected_table(rejected))


def pairs_table(pairs: list[Pair], source: str) -> pa.Table:
    """Accepted rows in the `PAIRS` schema."""
    keys = [pair.key for pair in pairs]
    images = [
        None
        if pair.image is None and content_hash(pair.path) is None  # neither held nor kept
        else {"bytes": pair.image, "path": pair.path and printable(pair.path)}
        for pair in pairs
    ]
    return pa.table(
        [
            pa.array(row_ids(source, keys), pa.uint64()),
            pa.array(keys, pa.string()),
            pa.array([pair.caption for pair in pairs], pa.large_string()),
            pa.array(images, IMAGE),
            pa.array([pair.label for pair in pairs], pa.int32()),
            pa.array([source] * len(pairs), pa.string()),
        ],
        schema=PAIRS,
    )


def rejected_table(rejected: list[Rejection]) -> pa.Table:
    """Refused rows in the `REJECTED` schema."""
    return pa.table(
        [
            pa.array([printable(row.key) for row in rejected], pa.string()),
            pa.array([row.reason for row in rejected], pa.string()),
            pa.array([printable(row.detail) for row in rejected], pa.string()),
        ],
        schema=REJECTED,
    )
