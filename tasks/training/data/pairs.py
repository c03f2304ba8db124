"""Training pairs from Parquet shards: decoded in memory, in the order of their ids, or streamed where they are many."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from storage.errors import InputError
from storage.tables.references import embedded
from storage.tables.shards import iter_batches, read_table
from tasks.arrays import Floats, Ids, Pixels
from tasks.training.data.epoch_order import batches
from tasks.training.data.examples import Drawn, Examples
from tasks.training.data.images import AHEAD, DecodedPictures, Preparation, decode_all
from tasks.training.data.selection import Drawing
from tasks.training.data.stream.streamed_pairs import StreamedPairs
from tasks.training.data.tokens import Tokens, TokenWriter

DECODED_LIMIT = 2 << 30
"""Decoded pictures are kept in memory up to this many bytes; beyond it pairs are read and decoded at every use."""

_ROWS = 1_024


@dataclass(frozen=True)
class PairSet:
    """Examples in memory, ascending in id.

    Attributes:
        ids: uint64 `[n]`.
        copies: of each an epoch, float64 `[n]`.
        same_picture: uint64 `[n]`, equal for rows that show the same picture, byte by byte: several captions of one.
        tokens: of the captions, by row.
        pictures: by row.
        preparation: how the pictures were brought to size, and are standardised.
        without_image: selected rows that were left out.
    """

    ids: Ids
    copies: Floats
    same_picture: Ids
    tokens: Tokens
    pictures: DecodedPictures
    preparation: Preparation
    without_image: int = 0

    @classmethod
    def of(cls, pixels: Pixels, preparation: Preparation) -> "PairSet":
        """Pictures without captions, uint8 `[n, 3, s, s]`, numbered from 0."""
        ids = np.arange(len(pixels), dtype=np.uint64)
        tokens = Tokens(np.empty((len(ids), 0), np.int32), np.arange(len(ids)))
        return cls(ids, np.ones(len(ids)), ids, tokens, DecodedPictures(pixels), preparation)

    def used_tokens(self) -> Tensor:
        """The token numbers that occur, ascending, int64 `[v]`."""
        return self.tokens.used()

    def ahead(self, device: str) -> int:
        """How many batches are worth making early: none where both they and the steps are a processor's own work."""
        return 0 if device == "cpu" else AHEAD

    def batches(self, *, batch: int, seed: int, start: int, part: slice) -> Iterator[Drawn]:
        """One rank's part of every batch from number `start` on, in the order of `epoch_order`."""
        whole = batches(self.ids, self.copies, batch=batch, seed=seed, start=start, pictures=self.same_picture)
        for rows in (rows[part] for rows in whole):
            yield Drawn(self.ids[rows], self.pictures.take(rows), self.tokens.take(rows))


def read_pairs(
    paths: Sequence[Path],
    drawing: Drawing,
    *,
    preparation: Preparation,
    tokenizer: Callable[[list[str]], Tensor],
    workers: int = 1,
    decoded_limit: int | None = None,
) -> Examples:
    """The drawn rows of pair or curated shards: in memory where they fit decoded, else streamed.

    Args:
        paths: the shards.
        drawing: how often each row is drawn.
        preparation: the model's evaluation transform.
        tokenizer: captions to tokens `[n, context]`.
        workers: threads that decode.
        decoded_limit: bytes of decoded pictures that fit; None: `DECODED_LIMIT`.

    Raises:
        InputError: nothing is drawn, an id is missing or comes twice, or an image cannot be decoded.
    """
    if not paths:
        raise InputError(
            "there are no pairs to train on: the given stages wrote no pairs-*.parquet or curated-*.parquet"
        )
    limit = DECODED_LIMIT if decoded_limit is None else decoded_limit
    if 3 * preparation.side**2 * drawing.total(paths) > limit:
        return StreamedPairs.of(paths, drawing, preparation=preparation, tokenizer=tokenizer, workers=workers)
    return load_pairs(paths, drawing, preparation=preparation, tokenizer=tokenizer, workers=workers)


def load_pairs(
    paths: Sequence[Path],
    drawing: Drawing,
    *,
    preparation: Preparation,
    tokenizer: Callable[[list[str]], Tensor],
    workers: int = 1,
) -> PairSet:
    """As `read_pairs`, always into memory."""
    total = drawing.total(paths)
    pixels = np.empty((total, 3, preparation.side, preparation.side), dtype=np.uint8)
    tokens = TokenWriter(tokenizer, total)
    ids, kept, hashes, filled, skipped = [], [], [], 0, 0
    import xxhash

    for rows in _drawn_rows(paths, drawing):
        encoded = embedded(rows["image"]).field("bytes")
        present = encoded.is_valid()
        skipped += len(rows) - (present.true_count or 0)
        rows, encoded = rows.filter(present), encoded.filter(present)
        if not len(rows):
            continue
        ids.append(rows["id"].to_numpy())
        if filled + len(rows) > total:  # more rows than selected ids: one came twice
            drawing.check(np.sort(np.concatenate(ids)), 0)
        contents = encoded.to_pylist()
        pixels[filled : filled + len(rows)] = decode_all(contents, rows["key"].to_pylist(), preparation, workers)
        tokens.add(rows["caption"].to_pylist())
        hashes.append(np.array([xxhash.xxh3_64_intdigest(content) for content in contents], dtype=np.uint64))
        kept.append(rows["copies"].to_numpy())
        filled += len(rows)
    all_ids = np.concatenate(ids) if ids else np.empty(0, np.uint64)
    order = np.argsort(all_ids, kind="stable")
    drawing.check(all_ids[order], skipped)
    return PairSet(
        ids=all_ids[order],
        copies=np.concatenate(kept)[order],
        same_picture=np.concatenate(hashes)[order],
        tokens=tokens.finish(order),
        pictures=DecodedPictures(pixels[:filled], order),
        preparation=preparation,
        without_image=skipped,
    )


def gone_ids(paths: Sequence[Path]) -> Ids | None:
    """The ids, ascending, that files of rows that are gone list together; None without any file."""
    if not paths:
        return None
    ids: Ids = np.sort(read_table(paths, ["id"])["id"].to_numpy())
    return ids


def no_tokens(captions: list[str]) -> Tensor:
    """The tokenizer of trainings that read no captions: int64 `[n, 0]`."""
    return torch.empty(len(captions), 0, dtype=torch.int64)


def _drawn_rows(paths: Sequence[Path], drawing: Drawing) -> Iterator[pa.Table]:
    """Drawn rows with their ids, keys, captions, images and copies."""
    columns = ["id", "key", "caption", "image"]
    for path in paths:
        for batch in iter_batches(path, columns + drawing.columns(path), rows=_ROWS):
            table = pa.table(batch)
            table = table.select(columns).append_column("copies", pa.array(drawing.copies(table)))
            table = table.filter(pc.field("copies") > 0)
            if len(table):
                yield table
