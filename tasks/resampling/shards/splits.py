"""Train/validation splits by image, so that no copy of an image is on both sides."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import xxhash

from storage.draws import uniform
from storage.tables.references import content_hash
from tasks.arrays import Bools, Ids


def image_ids(pairs: pa.Table) -> Ids:
    """uint64 `[n]`: the hash of the image's bytes, else of its path, else the row's own id.

    Several captions of one image, and byte-identical images under other names, get the same id.
    """
    ids = pairs.column("id").to_numpy().astype(np.uint64, copy=True)
    images = pairs.column("image").combine_chunks() if pairs.num_rows else None
    if images is None:
        return ids
    for i, image in enumerate(images):
        if not image.is_valid:
            continue
        data, path = image["bytes"], image["path"]
        if data.is_valid:
            ids[i] = xxhash.xxh3_64_intdigest(data.as_buffer())
        elif (known := content_hash(path.as_py())) is not None:
            ids[i] = known
        elif path.is_valid:
            ids[i] = xxhash.xxh3_64_intdigest(path.as_py().encode())
    return ids


def held_out(pairs: pa.Table, share: float, *, seed: int) -> Bools:
    """Whether each row belongs to the validation side, `[n]`: `hash(seed, image) < share`.

    A caption's side depends on its image alone, so it never changes when other rows come or go.
    """
    if share <= 0:
        return np.zeros(pairs.num_rows, dtype=np.bool_)
    return np.asarray(uniform(image_ids(pairs), seed=seed, purpose="validation split") < share)
