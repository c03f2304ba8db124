"""Training pairs from Parquet shards: ids, multiplicities, tokens and pictures, in the order of their ids."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
from torch import Tensor

from storage.errors import InputError
from storage.tables.lookup import left
from storage.tables.shards import iter_batches, read_table
from tasks.arrays import Floats, Ids, Int64s
from tasks.training.data.images import DecodedPictures, EncodedPictures, Pictures, Preparation, decode_all
from tasks.training.data.selection import Selection
from tasks.training.data.tokens import Tokens, TokenWriter

DECODED_LIMIT = 2 << 30
"""Decoded pictures are kept in memory up to this many bytes; beyond it they are decoded at every use."""

_ROWS = 1_024


@dataclass(frozen=True)
class PairSet:
    """Examples ascending in id.

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
    pictures: Pictures
    preparation: Preparation
    without_image: int


def read_pairs(  # noqa: PLR0913  what to read, how to prepare it, and with what means
    paths: Sequence[Path],
    selection: Selection | None,
    *,
    preparation: Preparation,
    tokenizer: Callable[[list[str]], Tensor],
    gone: Ids | None = None,
    workers: int = 1,
    scratch: Path | None = None,
    decoded_limit: int = DECODED_LIMIT,
    copies: str = "multiplicity",
) -> PairSet:
    """Read the selected rows of pair or curated shards.

    Args:
        paths: the shards.
        selection: copies by id; None takes the column named `copies` where there is one, and one copy elsewhere.
        preparation: the model's evaluation transform.
        tokenizer: captions to tokens `[n, context]`.
        gone: ids, ascending, of rows that are left out.
        workers: threads that decode.
        scratch: where encoded pictures go when decoded ones would not fit.
        decoded_limit: bytes of decoded pictures that fit.
        copies: name of the column of copies.

    Raises:
        InputError: nothing is selected, an id is missing or comes twice, or an image cannot be decoded.
    """
    if not paths:
        raise InputError(
            "there are no pairs to train on: the given stages wrote no pairs-*.parquet or curated-*.parquet"
        )
    total = len(selection.ids) if selection is not None else sum(pq.read_metadata(path).num_rows for path in paths)
    store: _Decoded | _Encoded
    if scratch is not None and 3 * preparation.side**2 * total > decoded_limit:
        store = _Encoded(scratch / "images.bin", preparation, workers)
    else:
        store = _Decoded(preparation, workers, total)
    tokens = TokenWriter(tokenizer, total, scratch)
    ids, kept, hashes, skipped = [], [], [], 0
    for rows in _selected(paths, selection, copies, gone):
        encoded = rows["image"].combine_chunks().field("bytes")
        present = encoded.is_valid()
        skipped += len(rows) - (present.true_count or 0)
        rows, encoded = rows.filter(present), encoded.filter(present)
        if not len(rows):
            continue
        ids.append(rows["id"].to_numpy())
        if sum(map(len, ids)) > total:  # more rows than selected ids: one came twice
            _check(np.sort(np.concatenate(ids)), None, 0)
        contents = [value.as_py() for value in encoded]
        store.add(contents, rows["key"].to_pylist())
        tokens.add(rows["caption"].to_pylist())
        hashes.append(np.array([xxhash.xxh3_64_intdigest(content) for content in contents], dtype=np.uint64))
        kept.append(rows["copies"].to_numpy())
    all_ids = np.concatenate(ids) if ids else np.empty(0, np.uint64)
    if not len(all_ids):
        raise InputError("there are no examples to train on: no selected row has an image")
    order = np.argsort(all_ids, kind="stable")
    _check(all_ids[order], selection, skipped)
    return PairSet(
        ids=all_ids[order],
        copies=np.concatenate(kept)[order],
        same_picture=np.concatenate(hashes)[order],
        tokens=tokens.finish(order),
        pictures=store.finish(order),
        preparation=preparation,
        without_image=skipped,
    )


def gone_ids(paths: Sequence[Path]) -> Ids | None:
    """The ids, ascending, that files of rows that are gone list together; None without any file."""
    if not paths:
        return None
    ids: Ids = np.sort(read_table(paths, ["id"])["id"].to_numpy())
    return ids


def _selected(paths: Sequence[Path], selection: Selection | None, column: str, gone: Ids | None) -> Iterator[pa.Table]:
    for path in paths:
        columns = ["id", "key", "caption", "image"]
        own = selection is None and column in pq.read_schema(path).names
        for batch in iter_batches(path, columns + [column] * own, rows=_ROWS):
            table = pa.table(batch)
            if gone is not None:
                table = table.filter(pa.array(left(table["id"].to_numpy(), gone)))
            if selection is not None:
                copies = selection(table["id"].to_numpy())
            else:
                copies = table[column].to_numpy() if own else np.ones(len(table))
            table = table.select(columns).append_column("copies", pa.array(copies.astype(np.float64)))
            table = table.filter(pc.field("copies") > 0)
            if len(table):
                yield table


def _check(ids: Ids, selection: Selection | None, skipped: int) -> None:
    twice = ids[1:][ids[1:] == ids[:-1]]
    if len(twice):
        raise InputError(f"id {twice[0]} is in the given pairs more than once; give every source once")
    if selection is not None and len(ids) + skipped < len(selection.ids):
        missing = np.setdiff1d(selection.ids, ids)
        raise InputError(
            f"{len(selection.ids) - len(ids) - skipped} selected ids are not in the given pairs "
            f"(among them perhaps {missing[0]}); give all the pairs that the selection was made from"
        )


class _Decoded:
    def __init__(self, preparation: Preparation, workers: int, room: int) -> None:
        self._preparation, self._workers = preparation, workers
        self._pixels = np.empty((room, 3, preparation.side, preparation.side), dtype=np.uint8)
        self._filled = 0

    def add(self, encoded: list[bytes], keys: list[str]) -> None:
        end = self._filled + len(encoded)
        self._pixels[self._filled : end] = decode_all(encoded, keys, self._preparation, self._workers)
        self._filled = end

    def finish(self, order: Int64s) -> Pictures:
        return DecodedPictures(self._pixels[: self._filled], order)


class _Encoded:
    def __init__(self, path: Path, preparation: Preparation, workers: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._preparation, self._workers = path, preparation, workers
        self._file = path.open("wb")
        self._lengths: list[int] = []

    def add(self, encoded: list[bytes], keys: list[str]) -> None:
        for content in encoded:
            self._lengths.append(self._file.write(content))

    def finish(self, order: Int64s) -> Pictures:
        self._file.close()
        ends = np.cumsum(self._lengths, dtype=np.int64)
        starts = ends - np.array(self._lengths, dtype=np.int64)
        return EncodedPictures(self._path, starts[order], ends[order], self._preparation, self._workers)
