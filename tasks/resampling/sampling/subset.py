"""A uniform subset without replacement, by hash: the rows with the smallest words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from storage.draws import hash_order, words
from storage.errors import InputError
from tasks.arrays import Ids, Int64s

PURPOSE = "subsample"
_BITS = 16


def subset(ids: Ids, size: int, *, seed: int) -> Int64s:
    """Positions (ascending) of a uniform subset without replacement of exactly `size`: the smallest hashes.

    Ids must be distinct. Raises `InputError` where `size` exceeds their number.
    """
    if not 0 <= size <= len(ids):
        raise InputError(f"a subset of {size} of {len(ids)} rows cannot be drawn; ask for at most {len(ids)}")
    return np.sort(hash_order(ids, seed=seed, purpose=PURPOSE)[:size])


def largest_word(batches: Callable[[], Iterable[Ids]], size: int, *, seed: int) -> int:
    """The word of the last of the `size ≥ 1` rows with the smallest words, by two passes over the ids.

    The first pass counts words by their leading bits, the second gathers those of the one bin in which the last row
    lies: memory is that bin. `batches()` gives all ids, distinct, anew at each call.

    Raises:
        InputError: there are fewer than `size` ids.
    """
    bins = np.zeros(1 << _BITS, dtype=np.int64)
    for ids in batches():
        bins += np.bincount(_bin(words(ids, seed=seed, purpose=PURPOSE)), minlength=len(bins))
    below = np.cumsum(bins)
    if not 1 <= size <= int(below[-1]):
        raise InputError(f"a subset of {size} of {int(below[-1])} rows cannot be drawn; ask for at most all of them")
    last = int(np.searchsorted(below, size))
    rest = size - (int(below[last - 1]) if last else 0)
    held = [np.zeros(0, dtype=np.uint64)]
    for ids in batches():
        drawn = words(ids, seed=seed, purpose=PURPOSE)
        held.append(drawn[_bin(drawn) == last])
    return int(np.sort(np.concatenate(held))[rest - 1])


def _bin(drawn: Ids) -> Int64s:
    return (drawn >> np.uint64(64 - _BITS)).astype(np.int64)
