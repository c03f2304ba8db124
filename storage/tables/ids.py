"""Identities of rows: a hash of where a row comes from."""

import operator
from collections.abc import Sequence

import numpy as np
import xxhash


def row_ids(source: str, keys: Sequence[str]) -> np.ndarray:
    """Identities of rows, uint64 `[n]`: XXH3-64 of the source's name, a NUL, and the source's own key."""
    prefix = source.encode("utf-8", "surrogatepass") + b"\0"
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter(
        (digest(prefix + key.encode("utf-8", "surrogatepass")) for key in keys), dtype=np.uint64, count=len(keys)
    )


def as_ids(ids: np.ndarray | Sequence[int]) -> np.ndarray:
    """Ids as uint64, whatever they came as; a list is read number by number, because numpy makes floats of large ones.

    Raises `TypeError` for ids that are not integers: a float cannot hold every 64-bit id.
    """
    if isinstance(ids, list | tuple):
        return np.fromiter(map(operator.index, ids), dtype=np.uint64, count=len(ids))
    array = np.asarray(ids)
    if array.size and array.dtype.kind not in "ui":
        raise TypeError(f"ids must be uint64, not {array.dtype}: a float cannot hold every 64-bit id")
    return array.astype(np.uint64, copy=False)
