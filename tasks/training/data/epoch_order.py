"""In which order examples are seen: an endless stream of batches decided by hashes of seed, epoch, id and copy."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from storage.draws import uniform
from storage.errors import InputError
from tasks.arrays import Floats, Ids, Int64s, Integers

_PATIENCE = 8
"""Batches' worth of repeated rows that may wait for a later batch, before copies are let into one."""


def epoch_order(ids: Ids, copies: Floats | Integers, *, seed: int, epoch: int) -> Int64s:
    """Row numbers of one epoch, int64: row i occurs `copies[i]` times, its copies far apart.

    A number of copies that is not whole is a mean over epochs: `⌊w⌋` copies, and one more in an epoch with probability
    `w - ⌊w⌋`. Copy c of m stands at `(c + u) / m` of the epoch, where `u = hash(seed, epoch, id)` is uniform: m = 1 is
    a uniform shuffle, and the copies of one row are evenly spread over the epoch. Rows come in an order that depends on
    ids alone, so neither shards nor the order of arrival matter.

    Args:
        ids: uint64 `[n]`, distinct.
        copies: whole or not, `[n]`; 0 leaves a row out.
        seed: of the training.
        epoch: its number.
    """
    whole = np.floor(copies + uniform(ids, seed=seed, purpose=f"copies/{epoch}")).astype(np.int64)
    rows = np.repeat(np.arange(len(ids)), whole)
    copy = np.arange(len(rows)) - np.repeat(np.cumsum(whole) - whole, whole)
    place = (copy + uniform(ids, seed=seed, purpose=f"order/{epoch}")[rows]) / whole[rows]
    return rows[np.lexsort((copy, ids[rows], place))]


def batches(
    ids: Ids,
    copies: Floats | Integers,
    *,
    batch: int,
    seed: int,
    start: int = 0,
    pictures: Ids | None = None,
) -> Iterator[Int64s]:
    """Batches of row numbers, int64 `[batch]`, without end, beginning with batch number `start`.

    Epochs follow one another without a gap, so a batch may hold the end of one and the beginning of the next. No row,
    and no picture, is twice in a batch where others are to be had: a repeated one waits for the next batch.

    Args:
        ids: uint64 `[n]`, distinct.
        copies: of each row an epoch, whole or not, `[n]`.
        batch: rows in each.
        seed: of the training.
        start: number of the first batch that is given.
        pictures: uint64 `[n]`, equal for rows that show the same picture (other captions of it); None: all differ.

    Raises:
        InputError: there is no row at all.
    """
    if not np.sum(copies) > 0:
        raise InputError("there are no examples to train on: the selection is empty or names no id of the given pairs")
    queue = _Queue(ids, copies, seed)
    identity = ids if pictures is None else pictures
    for number in count():
        rows = _next_batch(queue, identity, batch)
        if number >= start:
            yield rows


class _Queue:
    """The rows to come: those that were put back, then the rest of the epoch, then the next epochs."""

    def __init__(self, ids: Ids, copies: Floats | Integers, seed: int) -> None:
        self._ids, self._copies, self._seed = ids, copies, seed
        self._epochs = 0
        self._back = np.empty(0, dtype=np.int64)
        self._rows = self._back
        self._place = 0

    def head(self, length: int) -> Int64s:
        """The next `length` rows, which stay in the queue."""
        while len(self._back) + len(self._rows) - self._place < length:
            epoch = epoch_order(self._ids, self._copies, seed=self._seed, epoch=self._epochs)
            self._rows = np.concatenate([self._rows[self._place :], epoch])
            self._place = 0
            self._epochs += 1
        return np.concatenate([self._back, self._rows[self._place : self._place + length]])[:length]

    def take(self, length: int, back: Int64s) -> None:
        """Drop the first `length` rows and put those of `back` in front again."""
        kept = self._back[length:]
        self._place += max(length - len(self._back), 0)
        self._back = np.concatenate([back, kept])


def _next_batch(queue: _Queue, identity: Ids, batch: int) -> Int64s:
    """The first rows with distinct identities; repeated ones stay in front, up to the patience of eight batches."""
    length = batch
    while True:
        rows = queue.head(length)
        repeated = np.ones(length, dtype=np.bool_)
        repeated[np.unique(identity[rows], return_index=True)[1]] = False
        passed_over = repeated & (np.cumsum(repeated) <= _PATIENCE * batch)
        chosen = np.flatnonzero(~passed_over)[:batch]
        if len(chosen) == batch:
            end = chosen[-1] + 1
            queue.take(end, rows[:end][passed_over[:end]])
            return rows[chosen]
        length *= 2
