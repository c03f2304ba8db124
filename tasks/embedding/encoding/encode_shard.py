"""One shard of pairs to one shard of embeddings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from storage.tables.references import embedded
from storage.tables.schemas import REJECTED, embeddings_schema
from storage.tables.shards import iter_batches, read_table
from tasks.arrays import Float32s
from tasks.embedding.encoding.encoders import Encoders, ImageEncoder, Prepared, TextEncoder
from tasks.ordered_map import ordered_map
from tasks.threads import one_torch_thread

Advance = Callable[[int], object]

ordered = partial(ordered_map, initializer=one_torch_thread)


@dataclass(frozen=True)
class EncodedShard:
    """Rows that were encoded, in the shard's order, and the others with their reasons."""

    embeddings: pa.Table
    rejected: pa.Table


def encode_shard(
    path: Path, encoders: Encoders, *, batch_size: int, stored: str, workers: int, advance: Advance = lambda rows: None
) -> EncodedShard:
    """Encode a `pairs` or `curated` file.

    A row is rejected as a whole when its image cannot be decoded or one of its vectors has no direction (zero, or not
    finite).

    Args:
        path: the file.
        encoders: of one modality or both.
        batch_size: rows in one pass through a model; changes no result beyond rounding.
        stored: number type of the vectors, "float32" or "float16".
        workers: threads.
        advance: called with the rows done.
    """
    keys = read_table(path, ["id", "key"])
    faults: dict[int, tuple[str, str]] = {}
    vectors: dict[str, Float32s] = {}
    if encoders.image is not None:
        vectors["image"] = _images(path, encoders, encoders.image, batch_size, workers, faults, advance)
    if encoders.text is not None:
        rows_done = advance if encoders.image is None else (lambda rows: None)
        vectors["text"] = _texts(path, encoders, encoders.text, batch_size, workers, rows_done)
    for name, matrix in vectors.items():
        for row in np.flatnonzero(~np.isfinite(matrix).all(axis=1)).tolist():
            faults.setdefault(row, ("no direction", f"the {name} embedding is zero or not finite"))
    kept = np.setdiff1d(np.arange(len(keys)), np.fromiter(faults, np.int64, len(faults)))
    columns = {"id": keys["id"].combine_chunks().take(pa.array(kept))}
    columns |= {name: _fixed_lists(matrix[kept], stored) for name, matrix in vectors.items()}
    names = keys["key"].to_pylist()
    rejected = [{"key": names[row], "reason": faults[row][0], "detail": faults[row][1]} for row in sorted(faults)]
    return EncodedShard(
        pa.table(columns, schema=_schema(vectors, stored)), pa.Table.from_pylist(rejected, schema=REJECTED)
    )


def _images(
    path: Path,
    encoders: Encoders,
    encoder: ImageEncoder,
    batch_size: int,
    workers: int,
    faults: dict[int, tuple[str, str]],
    advance: Advance,
) -> Float32s:
    """Image vectors `[rows, d]`, NaN where there is none; a picture that several rows share is encoded once.

    On a processor each worker decodes and encodes a batch of its own; beside an accelerator the workers decode ahead.
    """
    which: list[int] = []

    def encode(prepared: Prepared) -> tuple[Prepared, Float32s | None]:
        return prepared, None if prepared.inputs is None else encoders.images(prepared.inputs)

    def prepare(contents: list[bytes | None]) -> Prepared:
        prepared = encoder.prepare(contents)
        return prepared.pinned() if kind == "cuda" else prepared

    kind = torch.device(encoders.device).type
    batches = _distinct_images(path, batch_size, which)
    if kind == "cpu":
        results = ordered(lambda batch: encode(prepare(batch)), batches, workers=workers)
    else:
        results = map(encode, ordered(prepare, batches, workers=workers, ahead=2 * workers))
    parts: list[tuple[int, Prepared, Float32s]] = []
    distinct_faults: dict[int, tuple[str, str]] = {}
    first, dimension = 0, 0
    for prepared, vectors in results:
        rows = len(prepared.places) + len(prepared.faults)
        if vectors is not None:
            dimension = vectors.shape[1]
            parts.append((first, prepared, vectors))
        distinct_faults |= {first + place: (fault.reason, fault.detail) for place, fault in prepared.faults.items()}
        first += rows
        advance(rows)
    advance(len(which) - first)
    matrix = np.full((first, dimension or _dimension(encoders, encoder)), np.nan, dtype=np.float32)
    for start, prepared, vectors in parts:
        matrix[start + np.array(prepared.places)] = vectors
    faults |= {row: distinct_faults[distinct] for row, distinct in enumerate(which) if distinct in distinct_faults}
    return matrix[np.array(which, dtype=np.int64)]


def _distinct_images(path: Path, batch_size: int, which: list[int]) -> Iterator[list[bytes | None]]:
    """Batches of image files of different content, in the order of their first rows.

    which: receives, for every row, the number of its content.
    """
    known: dict[bytes, int] = {}
    waiting: list[bytes | None] = []
    for batch in iter_batches(path, ["image"], rows=batch_size):
        for content in embedded(batch.column("image")).field("bytes").to_pylist():
            before = len(known)
            which.append(known.setdefault(blake2b(content or b"", digest_size=16).digest(), before))
            if len(known) > before:
                waiting.append(content)
            if len(waiting) == batch_size:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _texts(
    path: Path, encoders: Encoders, encoder: TextEncoder, batch_size: int, workers: int, advance: Advance
) -> Float32s:
    """Caption vectors `[rows, d]`; a caption that several rows share is encoded once.

    Tokenizers are not safe in several threads, so this thread tokenises and the workers encode.
    """
    captions = read_table(path, ["caption"])["caption"].combine_chunks().dictionary_encode()
    distinct = captions.dictionary.to_pylist() or [""]
    batches = (encoder.tokenise(distinct[at : at + batch_size]) for at in range(0, len(distinct), batch_size))
    on_cpu = torch.device(encoders.device).type == "cpu"
    vectors = ordered(
        lambda tokens: encoders.vectors(encoder.encode, tokens), batches, workers=workers if on_cpu else 1
    )
    matrix = np.concatenate(list(vectors))
    advance(len(captions))
    return matrix[captions.indices.to_numpy()]


def _dimension(encoders: Encoders, encoder: ImageEncoder) -> int:
    """The width of the vectors where no row could be encoded: of a grey picture's."""
    from PIL import Image

    grey = encoder.transform(Image.new("RGB", (64, 64)))
    return encoders.vectors(encoder.encode, grey[None]).shape[1]


def _schema(vectors: dict[str, Float32s], stored: str) -> pa.Schema:
    fields = [pa.field("id", pa.uint64())]
    for name, matrix in vectors.items():
        fields.append(
            embeddings_schema(matrix.shape[1], stored, image=name == "image", text=name == "text").field(name)
        )
    return pa.schema(fields)


def _fixed_lists(matrix: Float32s, stored: str) -> pa.FixedSizeListArray:
    flat = np.ascontiguousarray(matrix, dtype=np.dtype(stored)).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), matrix.shape[1])
