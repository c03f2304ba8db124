"""The matching loop (compiled): captions in, sorted unique keywords out, one pass over the bytes.

The captions become one stream of tokens, cut into blocks that stay in the nearest cache. On every block run short
loops, one after the other: `split` bytes into tokens, `make_keys`, `look_up` the keys, `find_pairs` of neighbours,
and `collect` the keywords of each caption. A loop that does one thing lets the processor wait for many table lines at
once. A caption longer than a block flows through it: as many last tokens as the longest keyword has are kept for the
next block.
"""

import numpy as np

from tasks.arrays import Bytes, Int64s, Keywords
from tasks.compiled import Integer, compiled
from tasks.matching.index.index import TokenIndex
from tasks.matching.index.token_table import SLOT
from tasks.matching.machine.sorting import LANES, sort_unique
from tasks.matching.scan.collect_entries import collect, find_pairs
from tasks.matching.scan.tokens import MOST_TOKENS, look_up, make_block, make_keys, split

_BLOCK = 1024
_COMPACT = 1 << 16


@compiled
def match_captions(values: Bytes, offsets: Int64s, classes: Bytes, index: TokenIndex) -> tuple[Keywords, Int64s]:
    """Match texts laid out as by `arrow.padded_buffers`.

    Returns all rows' keywords, uint32 `[k]`, each row's ascending and unique, and where each row ends, int64 `[n]`.
    """
    texts = offsets.size - 1
    block = make_block(_BLOCK + MOST_TOKENS + index.depth)
    token_mask = index.tokens.size // SLOT - 1
    ends = np.empty(texts, np.int64)
    out = np.empty(4 * texts + 2 * index.most_per_token + 2 * LANES, np.uint32)
    kept: Integer = np.int64(0)
    done = np.int64(0)
    size: Integer = np.int64(0)
    row_begin: Integer = np.int64(0)
    compact_at: Integer = np.int64(_COMPACT)

    position = start = offsets[0]
    while done < texts:
        position, start, count, rows = split(values, offsets, classes, done, position, start, block, kept)
        make_keys(values, block, kept, count, token_mask)
        look_up(values, block, kept, count, index)
        find_pairs(block, count, index)
        row: Integer = np.int64(0)
        token: Integer = np.int64(0)
        complete = False
        while not complete:
            row, token, size, row_begin, complete = collect(
                block, count, rows, row, token, index, out, size, row_begin, ends[done:]
            )
            if not complete:
                out = _grown(out)
        done += rows
        if size - row_begin > compact_at:
            size = row_begin + sort_unique(out, row_begin, size)
            compact_at = max(np.int64(_COMPACT), 2 * (size - row_begin))
        kept = count - token
        for place in range(kept):
            block.words[place] = block.words[token + place]
            block.followers[place] = block.followers[token + place]
    return out[:size], ends


@compiled
def _grown(array: Keywords) -> Keywords:
    """A copy with twice the room."""
    copy = np.empty(2 * array.size, dtype=array.dtype)
    copy[: array.size] = array
    return copy
