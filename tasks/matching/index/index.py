"""The compiled index: keywords as token n-grams in two hash tables."""

from typing import NamedTuple

import numpy as np

from tasks.arrays import Bytes, Int64s, Keywords, Words
from tasks.matching.index.build import attach_marks, insert_runs, intern_tokens, split_texts
from tasks.matching.index.trie_table import DEEP

NO_ENTRY = 0xFFFFFFFF
"""A mark that says: no keyword ends here."""
SHARED = 0x80000000
"""The bit of a mark that names a group of duplicate keywords; without it the mark is the keyword itself."""
MOST_ENTRIES = DEEP

_CACHE_LINE = 64


class TokenIndex(NamedTuple):
    """What the kernel reads: plain arrays, so that threads share one copy.

    Attributes:
        tokens: the hash table of `token_table.py`, `[slots * 4]`.
        continuations: the hash table of `trie_table.py`, `[slots * 2]`.
        arena: the bytes of the tokens too long to be their own key.
        arena_begin: where a long token's bytes begin, `[tokens]`.
        shared_begin: where each group of duplicates begins in `shared_entries`, `[groups + 1]`.
        shared_entries: the keywords of each group of duplicates, ascending.
        depth: tokens in the longest keyword.
        most_per_token: keywords that can begin at one token of a caption, at most.
    """

    tokens: Words
    continuations: Words
    arena: Bytes
    arena_begin: Int64s
    shared_begin: Int64s
    shared_entries: Keywords
    depth: int
    most_per_token: int

    @property
    def nbytes(self) -> int:
        """Memory of the index."""
        return int(sum(part.nbytes for part in self if isinstance(part, np.ndarray)))


def build_index(values: Bytes, offsets: Int64s, entries: Keywords) -> tuple[TokenIndex, Int64s]:
    """Index the texts of an Arrow buffer: `values` uint8 (see `arrow.padded_buffers`), `offsets` int64 `[n + 1]`.

    Text `i` stands for keyword `entries[i]` (ascending, below `MOST_ENTRIES`) and matches as the run of its tokens
    `text.split(" ")`, empty tokens included. Returns the index, and the trie node of every text, int64 `[n]`: texts
    with the same node are the same text.
    """
    begins, lengths, runs = split_texts(values, offsets)
    numbers, tokens, arena, arena_begin = intern_tokens(values, begins, lengths)
    continuations, links, nodes = insert_runs(numbers, runs)
    depth = int(np.diff(runs).max(initial=1))
    order = np.argsort(nodes, kind="stable")
    ends, first, sizes = np.unique(nodes[order], return_index=True, return_counts=True)
    marks = entries[order[first]].astype(np.uint32)
    shared = sizes > 1
    marks[shared] = SHARED + np.arange(shared.sum(), dtype=np.uint32)
    token_marks = np.full(arena_begin.size, NO_ENTRY, dtype=np.uint32)
    link_marks = np.full(links, NO_ENTRY, dtype=np.uint32)
    single = ends < DEEP
    token_marks[ends[single]] = marks[single]
    link_marks[ends[~single] - DEEP] = marks[~single]
    attach_marks(tokens, continuations, token_marks, link_marks)
    index = TokenIndex(
        tokens=_aligned(tokens),
        continuations=_aligned(continuations),
        arena=arena,
        arena_begin=arena_begin,
        shared_begin=np.concatenate([[0], np.cumsum(sizes[shared])]).astype(np.int64),
        shared_entries=entries[order[np.repeat(shared, sizes)]].astype(np.uint32),
        depth=depth,
        most_per_token=depth * int(sizes.max(initial=1)),
    )
    return index, nodes


def _aligned(table: Words) -> Words:
    """A copy by numpy, which asks for huge pages, that begins on a cache line, so that no slot straddles two."""
    room = np.empty(table.nbytes + _CACHE_LINE, dtype=np.uint8)
    skip = -room.ctypes.data % _CACHE_LINE
    copy = room[skip : skip + table.nbytes].view(table.dtype)
    copy[:] = table
    return copy
