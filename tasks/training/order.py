"""In which order examples are seen: an endless stream of batches decided by hashes of seed, epoch, id and copy."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from storage.draws import uniform
from storage.errors import InputError

_PATIENCE = 8
"""Batches' worth of repeated rows that may wait for a later batch, before copies are let into one."""


def epoch_order(ids: np.ndarray, copies: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """Row numbers of one epoch, int64: row i occurs `copies[i]` times, its copies far apart.

    A number of copies that is not whole is a mean over epochs: `⌊w⌋` copies, and one more in an epoch with
    probability `w - ⌊w⌋`. Copy c of m stands at `(c + u) / m` of the epoch, where `u = hash(seed, epoch, id)` is
    uniform: m = 1 is a uniform shuffle, and the copies of one row are evenly spread over the epoch. Rows come in an
    order that depends on ids alone, so neither shards nor the order of arrival matter.

    ids: uint64 `[n]`, distinct. copies: int or float `[n]`, 0 leaves a row out.
    """
    whole = np.floor(copies + uniform(ids, seed=seed, purpose=f"copies/{epoch}")).astype(np.int64)
    rows = np.repeat(np.arange(len(ids)), whole)
    copy = np.arange(len(rows)) - np.repeat(np.cumsum(whole) - whole, whole)
    place = (copy + uniform(ids, seed=seed, purpose=f"order/{epoch}")[rows]) / whole[rows]
    return rows[np.lexsort((copy, ids[rows], place))]


def batches(ids: np.ndarray, copies: np.ndarray, *, batch: int, seed: int, start: int = 0) -> Iterator[np.ndarray]:
    """Batches of row numbers, int64 `[batch]`, for ever, beginning with batch number `start`.

    Epochs follow one another without a gap, so a batch may hold the end of one and the beginning of the next. No row
    is twice in a batch where others are to be had: a repeated row waits for the next batch.
    Raises `InputError` when there is no row at all.
    """
    if not np.sum(copies) > 0:
        raise InputError("there are no examples to train on: the selection is empty or names no id of the given pairs")
    stream = _stream(ids, copies, seed)
    for number, rows in enumerate(_filled(stream, batch)):
        if number >= start:
            yield rows


def _stream(ids: np.ndarray, copies: np.ndarray, seed: int) -> Iterator[int]:
    epoch = 0
    while True:
        yield from epoch_order(ids, copies, seed=seed, epoch=epoch).tolist()
        epoch += 1


def _filled(stream: Iterator[int], batch: int) -> Iterator[np.ndarray]:
    patience = _PATIENCE * batch
    waiting: deque[int] = deque()
    while True:
        rows: list[int] = []
        present: set[int] = set()  # asked for membership, never iterated
        late: deque[int] = deque()
        while len(rows) < batch:
            row = waiting.popleft() if waiting else next(stream)
            if row in present and len(late) < patience:
                late.append(row)
            else:
                present.add(row)
                rows.append(row)
        waiting.extendleft(reversed(late))
        yield np.array(rows, dtype=np.int64)
