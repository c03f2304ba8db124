"""Exact duplicates by content: rows whose image, or image and caption, are the same bytes."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from storage.tables.ids import as_ids
from storage.tables.references import embedded
from tasks.arrays import Ids, Words
from tasks.ingest.columns.xxh3 import hashes

Content = Literal["image", "pair", "caption"]

_CAPTION = b"\0caption\0"


def columns_of(content: Content) -> list[str]:
    """The columns of the pairs that are compared."""
    return ["id", "caption"] if content == "caption" else ["id", "caption", "image"]


def content_hashes(rows: Iterable[pa.RecordBatch], content: Content) -> tuple[Ids, Words]:
    """The ids uint64 `[n]` of rows in the pairs schema, and 128 bits of hash (xxh3) of their content, uint64 `[n, 2]`.

    A row without an image is told apart by its caption. An image is hashed with its length, so that no bytes can pass
    from it to the caption.
    """
    ids, words = [np.empty(0, np.uint64)], [np.empty((0, 2), np.uint64)]
    for batch in rows:
        ids.append(batch.column("id").to_numpy())
        captions = batch.column("caption").cast(pa.large_binary())
        marks = np.stack([hashes(captions, _CAPTION), hashes(captions, b"\0" + _CAPTION)], axis=1)
        if content != "caption":
            _mark_images(embedded(batch.column("image")).field("bytes"), captions, content, marks)
        words.append(marks)
    return np.concatenate(ids), np.concatenate(words)


def _mark_images(images: pa.Array, captions: pa.Array, content: Content, marks: Words) -> None:
    """Write into `marks [n, 2]` the hash of every row that has an image."""
    for row in pc.indices_nonzero(pc.fill_null(pc.binary_length(images), 0)).to_pylist():
        image = images[row].as_buffer()
        mark = xxhash.xxh3_128(len(image).to_bytes(8, "little"))
        mark.update(image)
        if content == "pair":
            mark.update(_CAPTION)
            mark.update(captions[row].as_buffer())
        marks[row] = np.frombuffer(mark.digest(), np.uint64)


def equal_content(ids: Ids, words: Words) -> tuple[Ids, Ids]:
    """Rows that repeat another: their ids and the lowest id with the same content, uint64 `[m]` each, by id.

    ids: uint64 `[n]`, each once. words: uint64 `[n, 2]`, equal for equal content. Memory is about 40 bytes a row.
    """
    ids = as_ids(ids)
    order = np.lexsort((ids, words[:, 1], words[:, 0]))
    ids, words = ids[order], words[order]
    new = np.ones(len(ids), np.bool_)
    new[1:] = (words[1:] != words[:-1]).any(axis=1)
    first = np.maximum.accumulate(np.where(new, np.arange(len(ids)), 0))
    repeated, kept = ids[~new], ids[first[~new]]
    ascending = np.argsort(repeated)
    return repeated[ascending], kept[ascending]
