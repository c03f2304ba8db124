"""How curated rows are laid out: the hash word of each, and the shard that it belongs to.

Rows lie by `hash(seed, id, copy)`, so neighbours in a source, and the copies of a caption, are spread over all shards,
whatever order they arrived in; to read the shards in order is to read a shuffled epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from storage.draws import words
from tasks.arrays import Ids, Int64s

PURPOSE = "curate order"


@dataclass(frozen=True)
class Layout:
    """Seed of the order, share of images held out, whether copies become rows, and the number of shards."""

    seed: int = 0
    validation: float = 0.0
    expand: bool = False
    shards: int = 1


def order_words(ids: Ids, copies: Int64s, seed: int) -> Ids:
    """The word by which rows are ordered, uint64 `[n]`; each copy of a caption has its own."""
    order = words(ids, seed=seed, purpose=PURPOSE)
    for copy in range(1, int(copies.max(initial=0)) + 1):
        held = copies == copy
        order[held] = words(ids[held], seed=seed, purpose=PURPOSE, copy=copy)
    return order


def shard_of(order: Ids, shards: int) -> Int64s:
    """`⌊shards · word / 2⁶⁴⌋` (of the 32 leading bits): shard k holds the k-th stretch of words."""
    return ((order >> np.uint64(32)) * np.uint64(shards) >> np.uint64(32)).astype(np.int64)


def shards_for(rows: int, bytes_: int, *, rows_per_shard: int, bytes_per_shard: int) -> int:
    """Shards of about `rows_per_shard` rows, or `bytes_per_shard` bytes where that makes more; at least one."""
    return max(1, -(-rows // rows_per_shard), -(-bytes_ // bytes_per_shard))
