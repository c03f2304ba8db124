"""Random draws by counter-based hashing: `u = hash(seed, purpose, id)`.

A draw depends on the row's identity alone, never on the order of arrival, the number of shards or the number of
workers; so a selection or a shuffle is the same bit for bit after a restart or on another machine.
"""

import numpy as np

from storage.tables.ids import as_ids


def words(ids: np.ndarray, *, seed: int, purpose: str, copy: int = 0) -> np.ndarray:
    """A pseudo-random 64-bit word for each id, uint64 `[n]`. Raises `TypeError` for ids that are not integers.

    The id is mixed with a key derived from `(seed, purpose, copy)` by two rounds of the SplitMix64 finaliser
    (Steele, Lea & Flood 2014), which is a bijection of the id for each key.
    """
    import xxhash  # here, since what may draw is imported on machines without it

    key = xxhash.xxh3_64_intdigest(f"{seed}\0{purpose}\0{copy}".encode())
    mixed = as_ids(ids) ^ np.uint64(key)
    for _ in range(2):
        mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed


def uniform(ids: np.ndarray, *, seed: int, purpose: str, copy: int = 0) -> np.ndarray:
    """A uniform draw in `[0, 1)` for each id, float64 `[n]` (the word's 53 high bits).

    `purpose` keeps the draws of different uses independent ("residual", "shuffle epoch 3", …); `copy` tells
    apart the copies of one row.
    """
    return (words(ids, seed=seed, purpose=purpose, copy=copy) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def hash_order(ids: np.ndarray, *, seed: int, purpose: str) -> np.ndarray:
    """A pseudo-random permutation, int64 `[n]`: positions sorted by each id's word, ties (equal ids) by position."""
    return np.argsort(words(ids, seed=seed, purpose=purpose), kind="stable")
