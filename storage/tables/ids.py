"""Identities of rows: a hash of where a row comes from."""

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
