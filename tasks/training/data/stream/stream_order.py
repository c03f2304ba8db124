"""In which order examples are seen that are read as they are needed: a window slides over blocks in random order.

An epoch goes over the blocks of consecutive rows in P passes. Copy c of m of a row stands at `f = (c + u) / m` of the
epoch, where `u = hash(seed, epoch, id)`; it is in pass `⌊P f⌋`, so up to P copies of a row are in as many passes. A
pass takes the blocks in a random order of its own, and a row of the r-th block has the key `r + W v`, where
`v = P f mod 1` is uniform: rows are seen by ascending key. When the key has come to t, only blocks t - W to t have rows
that are still to be seen, so W blocks are a buffer, and an order that may be begun anywhere: no state but a number.

Where W is as large as the number of blocks, rows of the whole pass mix. Where it is smaller, a batch holds rows of W
random blocks: as good as a shuffle where rows lie in hash order already. Where they lie as in their source, neighbours
of the source are in the same block, one of W that a batch is drawn from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from storage.draws import hash_order, uniform
from storage.errors import InputError
from tasks.arrays import Floats, Ids, Int64s


@dataclass(frozen=True)
class Cell:
    """The rows whose keys begin with one whole number.

    Attributes:
        loads: rows, int64 ascending, of each block that these and later rows are taken from and that was not yet named.
        rows: row numbers, int64, in the order in which they are seen; of the blocks named last, W at most.
    """

    loads: tuple[Int64s, ...]
    rows: Int64s


@dataclass(frozen=True)
class StreamOrder:
    """An endless order of rows.

    Attributes:
        ids: uint64 `[n]`, distinct, as the rows lie.
        copies: of each row an epoch, whole or not, float64 `[n]`, > 0.
        block: rows in each block.
        window: W, blocks that the buffer holds.
        passes: P, how often an epoch goes over the blocks.
        seed: of the training.
    """

    ids: Ids
    copies: Floats
    block: int
    window: int
    passes: int
    seed: int

    def cells(self, start: int = 0) -> Iterator[Cell]:
        """The order from its place number `start` on, without end; epochs follow one another.

        To begin takes a hash for each row of the epochs that are passed over, and no reading.

        Raises:
            InputError: there is no row at all.
        """
        if not len(self.ids):
            raise InputError("there are no examples to train on: the selection names no row of the given pairs")
        for epoch in count():
            if start and start >= (size := self._size(epoch)):
                start -= size
                continue
            for number in range(self.passes):
                skipped = 0
                if start:
                    counts = self._counts(epoch, number)
                    skipped = min(start, int(counts.sum()))
                yield from self._pass(epoch, number, skipped)
                start -= skipped

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return -(-len(self.ids) // self.block)

    def _size(self, epoch: int) -> int:
        return sum(int(self._whole(epoch, block).sum()) for block in range(self.blocks))

    def _whole(self, epoch: int, block: int) -> Int64s:
        """How many copies of each of a block's rows this epoch has: `⌊w⌋`, and one more with chance `w - ⌊w⌋`."""
        span = slice(block * self.block, (block + 1) * self.block)
        chance = uniform(self.ids[span], seed=self.seed, purpose=f"copies/{epoch}")
        return np.floor(self.copies[span] + chance).astype(np.int64)

    def _block(self, epoch: int, number: int, block: int) -> tuple[Floats, Int64s]:
        """Keys, from 0 to W, and rows of a block's copies in one pass."""
        whole = self._whole(epoch, block)
        rows = np.repeat(np.arange(len(whole)), whole)
        copy = np.arange(len(rows)) - np.repeat(np.cumsum(whole) - whole, whole)
        place = uniform(self.ids[block * self.block + rows], seed=self.seed, purpose=f"order/{epoch}")
        place = self.passes * ((copy + place) / whole[rows])
        inside = np.minimum(place.astype(np.int64), self.passes - 1) == number
        return self.window * (place[inside] - number), block * self.block + rows[inside]

    def _blocks_of(self, epoch: int, number: int) -> Int64s:
        """The blocks in the order of one pass."""
        return hash_order(np.arange(self.blocks), seed=self.seed, purpose=f"blocks/{epoch}/{number}")

    def _counts(self, epoch: int, number: int) -> Int64s:
        """How many rows each cell of a pass has."""
        counts = np.zeros(self.blocks + self.window + 1, dtype=np.int64)
        for rank, block in enumerate(self._blocks_of(epoch, number)):
            keys, _ = self._block(epoch, number, block)
            counts += np.bincount((rank + keys).astype(np.int64), minlength=len(counts))
        return counts

    def _pass(self, epoch: int, number: int, skipped: int) -> Iterator[Cell]:
        """The cells of a pass without its first `skipped` rows."""
        first = 0
        if skipped:
            ends = np.cumsum(self._counts(epoch, number))
            first = int(np.searchsorted(ends, skipped, side="right"))
            skipped -= int(ends[first - 1]) if first else 0
        order = self._blocks_of(epoch, number)
        keys, rows, loads = np.empty(0), np.empty(0, np.int64), []
        for rank in range(max(0, first - self.window), self.blocks + self.window + 1):
            if rank < self.blocks:
                more, its_rows = self._block(epoch, number, order[rank])
                keys, rows = np.concatenate([keys, rank + more]), np.concatenate([rows, its_rows])
                later = its_rows[rank + more >= first]
                if len(later):
                    loads.append(np.unique(later))
            ready = keys < rank + 1
            if rank >= first:
                seen = rows[ready][np.lexsort((self.ids[rows[ready]], keys[ready]))]
                yield Cell(tuple(loads), seen[skipped:])
                skipped, loads = 0, []
            keys, rows = keys[~ready], rows[~ready]


def dealt(identity: Ids, batches: int) -> list[Int64s]:
    """Deal the examples of several batches out so that none holds an identity twice, if that can be.

    Examples of one identity come one after the other, and are dealt to the batches in turn: each batch holds an
    identity that comes k times `⌊k / batches⌋` or `⌈k / batches⌉` times.

    Args:
        identity: uint64 `[batches · b]`.
        batches: how many.

    Returns:
        For each batch its places in `identity`, int64 `[b]`.
    """
    _, first, inverse = np.unique(identity, return_index=True, return_inverse=True)
    together = np.argsort(first[inverse], kind="stable")
    return [together[number::batches] for number in range(batches)]
