"""A uniform subset without replacement, by hash."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from storage.draws import hash_order
from storage.errors import InputError
from storage.tables.ids import as_ids
from tasks.arrays import Ids, Int64s


def subset(ids: Ids | Sequence[int], size: int, *, seed: int) -> Int64s:
    """Positions (ascending) of a uniform subset without replacement of exactly `size`: the smallest hashes.

    Ids must be distinct. Raises `InputError` where `size` exceeds their number.
    """
    if not 0 <= size <= len(ids):
        raise InputError(f"a subset of {size} of {len(ids)} rows cannot be drawn; ask for at most {len(ids)}")
    return np.sort(hash_order(as_ids(ids), seed=seed, purpose="subsample")[:size])
