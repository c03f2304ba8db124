"""Exact duplicates by content: rows whose image, or image and caption, are the same bytes."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from storage.tables.ids import as_ids
from storage.tables.references import embedded
from tasks.arrays import Ids

Content = Literal["image", "pair", "caption"]
Hashes = npt.NDArray[np.bytes_]
"""128-bit hashes, 16 bytes each."""


def content_hashes(rows: Iterable[pa.RecordBatch], content: Content) -> tuple[Ids, Hashes]:
    """The ids uint64 `[n]` of rows in the pairs schema, and 128-bit hashes (xxh3) of their content, bytes `[n]`.

    A row without an image is told apart by its caption. An image is hashed with its length, so that no bytes can pass
    from it to the caption.
    """
    ids, hashes = [], []
    for batch in rows:
        images = embedded(batch.column("image")).field("bytes").to_pylist()
        captions = batch.column("caption").to_pylist()
        ids.append(batch.column("id").to_numpy())
        for image, caption in zip(images, captions, strict=True):
            mark = xxhash.xxh3_128()
            if image and content != "caption":
                mark.update(len(image).to_bytes(8, "little") + image)
            if content != "image" or not image:
                mark.update(b"\0caption\0" + caption.encode())
            hashes.append(mark.digest())
    every = np.concatenate(ids) if ids else np.empty(0, np.uint64)
    return every, np.array(hashes, dtype="S16") if hashes else np.empty(0, "S16")


def equal_content(ids: Ids, hashes: Hashes) -> tuple[Ids, Ids]:
    """Rows that repeat another: their ids and the lowest id with the same content, uint64 `[m]` each, by id."""
    ids = as_ids(ids)
    order = np.argsort(ids, kind="stable")
    words = np.frombuffer(hashes.tobytes(), dtype="u8").reshape(-1, 2)[order]
    _, first, inverse = np.unique(words, axis=0, return_index=True, return_inverse=True)
    kept = ids[order][first[inverse.reshape(-1)]]
    repeated = kept != ids[order]
    return ids[order][repeated], kept[repeated]
