"""Blocks of captions: slices of a matrix in memory, or rows of Parquet shards, read when a pass comes to them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from tasks.arrays import Floats, Integers
from tasks.balancing.matrix.match_stream import MatchStream

BLOCKS = 8
MATCHES_PER_BLOCK = 1 << 20


@dataclass(frozen=True)
class Block:
    """Some rows: `indptr [rows + 1]`, `indices`, and their target mass `[rows]`, or `[1]` when all have the same."""

    indptr: Integers
    indices: Integers
    row_target: Floats

    def load(self) -> Block:
        """Itself: it is in memory."""
        return self


@dataclass(frozen=True)
class StreamedBlock:
    """One block of a stream, and the target mass of each of its rows."""

    stream: MatchStream
    number: int
    row_target: float

    def load(self) -> Block:
        """Read the block, or take it from memory."""
        block = self.stream.block(self.number)
        return Block(block.indptr, block.indices, np.array([self.row_target]))


class Source(Protocol):
    """Anything that can produce one block of rows."""

    def load(self) -> Block:
        """The block."""
        ...


def blocks_of(indptr: Integers, indices: Integers, row_target: Floats) -> list[Block]:
    """A matrix in memory cut into blocks.

    Their number depends on its size alone, never on the workers, because the order of floating-point addition
    follows it.
    """
    matches = int(indptr[-1])
    count = max(1, min(BLOCKS, matches // MATCHES_PER_BLOCK))
    cuts = np.searchsorted(indptr, np.linspace(0, matches, count + 1)[1:-1])
    edges = [0, *(int(cut) for cut in cuts), len(indptr) - 1]
    return [
        Block(indptr[a : b + 1], indices, row_target if len(row_target) == 1 else row_target[a:b])
        for a, b in pairwise(edges)
    ]
