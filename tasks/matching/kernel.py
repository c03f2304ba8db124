"""The matching loop (compiled): captions in, sorted unique entries out, one pass over the bytes.

A stretch of captions becomes one stream of tokens, cut into blocks, each caption closed by a token that nothing
matches (`END`). For every block three short loops run: split bytes into token keys and ask for their cache lines
early; look the keys up; walk from every token that begins an entry along the continuations. Captions longer than a
block flow through it, the last `depth - 1` tokens of one block being kept for the next.
"""

import numpy as np

from tasks.matching import continuations, vocabulary
from tasks.matching.compiled import compiled
from tasks.matching.continuations import HAS_CHILDREN, NODE, filter_bit, find_continuation
from tasks.matching.memory import prefetch
from tasks.matching.text import ORDINARY, TOKEN
from tasks.matching.vocabulary import ABSENT, find_token, home_slot, token_key

_BLOCK = 512
_TOKEN = vocabulary.SLOT
_LINK = continuations.SLOT
_HALF = np.uint64(32)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_NO_ENTRY = np.uint32(0xFFFFFFFF)
_END = np.uint32(0xFFFFFFFE)
_SHARED = np.uint32(0x80000000)
_FEW = 32
_COMPACT = 1 << 16


@compiled
def match_captions(values, offsets, begin_row, stop_row, classes, index):
    """Match rows `[begin_row, stop_row)` of an Arrow buffer. Returns entries uint32 `[k]`, and each row's end in them."""
    table, links = index.tokens, index.continuations
    token_mask, link_mask = table.size // _TOKEN - 1, links.size // _LINK - 1
    block = max(_BLOCK, 4 * index.depth)
    lows, highs = np.empty(block, np.uint64), np.empty(block, np.uint64)
    begins, lengths = np.empty(block, np.int64), np.empty(block, np.int64)
    slots = np.empty(block, np.int64)
    numbers, marks = np.empty(block + 1, np.uint32), np.empty(block + 1, np.uint32)
    followers = np.empty(block + 1, np.uint64)

    row_ends = np.empty(stop_row - begin_row, np.int64)
    out = np.empty(4 * (stop_row - begin_row) + 64, np.uint32)
    found = np.empty(256, np.uint32)
    out_size = found_size = rows_done = count = 0
    compact_at = _COMPACT

    row, start = begin_row, offsets[begin_row]
    position = start
    while True:
        # 1. split
        fresh = count
        while row < stop_row and count < block - 2:
            stop = offsets[row + 1]
            while position < stop and count < block - 2:
                kind = classes[values[position]]
                if kind == ORDINARY:
                    position += 1
                    continue
                begins[count], lengths[count] = start, position - start
                count += 1
                if kind == TOKEN:
                    begins[count], lengths[count] = position, 1
                    count += 1
                position += 1
                start = position
            if position == stop and count < block - 2:
                begins[count], lengths[count] = start, stop - start
                begins[count + 1], lengths[count + 1] = 0, -1
                count += 2
                row += 1
                if row < stop_row:
                    start = position = offsets[row]
        for token in range(fresh, count):
            if lengths[token] >= 0:
                low, high = token_key(values, begins[token], lengths[token])
                lows[token], highs[token] = low, high
                slots[token] = home_slot(low, high, token_mask)
                prefetch(table, slots[token] * _TOKEN)
        # 2. look up
        for token in range(fresh, count):
            numbers[token], marks[token], followers[token] = ABSENT, _NO_ENTRY, 0
            if lengths[token] < 0:
                marks[token] = _END
                continue
            slot = find_token(
                table, token_mask, slots[token], lows[token], highs[token],
                values, begins[token], lengths[token], index.arena, index.arena_begin,
            )  # fmt: skip
            if slot >= 0:
                both = table[slot * _TOKEN + 2]
                numbers[token], marks[token] = np.uint32(both & _LOW_HALF), np.uint32(both >> _HALF)
                followers[token] = table[slot * _TOKEN + 3]
        # 3. walk
        finished = row == stop_row
        walkable = count if finished else max(0, count - index.depth)
        for token in range(walkable):
            mark = marks[token]
            if mark == _END:
                while out_size + found_size > out.size:
                    out = _grown(out)
                out_size = _append_sorted(found, found_size, out, out_size)
                row_ends[rows_done] = out_size
                rows_done += 1
                found_size = 0
                continue
            if mark != _NO_ENTRY:
                found, found_size = _push(found, found_size, mark, index)
            if followers[token] == 0:
                continue
            after = token + 1
            following = numbers[after]
            if following == ABSENT or followers[token] & filter_bit(following) == 0:
                continue
            node = np.uint64(numbers[token])
            while following != ABSENT:
                slot = find_continuation(links, link_mask, node, following)
                if slot < 0:
                    break
                both = links[slot * _LINK + 1]
                mark = np.uint32(both >> _HALF)
                if mark != _NO_ENTRY:
                    found, found_size = _push(found, found_size, mark, index)
                if both & HAS_CHILDREN == 0:
                    break
                node = both & NODE
                after += 1
                following = numbers[after]
            if found_size > compact_at:
                found_size = _append_sorted(found, found_size, found, 0)
                compact_at = max(_COMPACT, 2 * found_size)
        if finished:
            return out[:out_size], row_ends
        for token in range(walkable, count):
            moved = token - walkable
            numbers[moved], marks[moved], followers[moved] = numbers[token], marks[token], followers[token]
        count -= walkable


@compiled
def _grown(array):
    copy = np.empty(2 * array.size, dtype=array.dtype)
    copy[: array.size] = array
    return copy


@compiled
def _push(found, size, mark, index):
    """Add what a mark stands for: one entry, or all of a group of duplicates."""
    if mark & _SHARED == 0:
        if size == found.size:
            found = _grown(found)
        found[size] = mark
        return found, size + 1
    group = mark & ~_SHARED
    for member in range(index.shared_begin[group], index.shared_begin[group + 1]):
        if size == found.size:
            found = _grown(found)
        found[size] = index.shared_entries[member]
        size += 1
    return found, size


@compiled
def _append_sorted(found, size, out, out_size):
    """Append the distinct values of `found[:size]`, ascending, to `out`; sorts `found` in place."""
    if size <= _FEW:
        for place in range(1, size):
            value = found[place]
            hole = place
            while hole > 0 and found[hole - 1] > value:
                found[hole] = found[hole - 1]
                hole -= 1
            found[hole] = value
    else:
        found[:size].sort()
    for place in range(size):
        if place == 0 or found[place] != found[place - 1]:
            out[out_size] = found[place]
            out_size += 1
    return out_size
