"""The last loops on a block of tokens (compiled): pairs of neighbours, then every caption's sorted keywords."""

import numpy as np

from tasks.arrays import Int64s, Keywords
from tasks.compiled import Integer, compiled
from tasks.matching.index.index import TokenIndex
from tasks.matching.index.token_table import HALF, LOW_HALF
from tasks.matching.index.trie_table import (
    HAS_CHILDREN,
    NODE,
    SLOT,
    SLOT_BYTES,
    filter_shift,
    find_continuation,
    first_slot,
    pair_key,
)
from tasks.matching.machine.intrinsics import address_of, load_word, prefetch
from tasks.matching.machine.sorting import LANES, sort_unique
from tasks.matching.scan.tokens import Block

NO_ENTRY = np.uint32(0xFFFFFFFF)
SHARED = np.uint32(0x80000000)
NO_LINK = np.uint64(0xFFFFFFFF00000000)
"""A link that has no keyword and no children."""

_AHEAD = 16
_NOWHERE = -1


@compiled
def find_pairs(block: Block, count: Integer, index: TokenIndex) -> None:
    """For every token but the last, the continuation by its neighbour: `links[i]`, `NO_LINK` where there is none.

    First all the filters, then a list of the pairs that passed, both without a branch; then those pairs, their cache
    lines asked for early. A pair across the end of a caption does no harm: nobody reads it.
    """
    words, followers, slots = block.words, block.followers, block.slots
    links, aside = block.links, block.aside
    table, mask = address_of(index.continuations), index.continuations.size // SLOT - 1
    for token in range(count - 1):
        following = words[token + 1] & LOW_HALF
        allowed = (followers[token] >> filter_shift(following)) & np.uint64(1)
        slot = first_slot(pair_key(words[token], following), mask)
        slots[token] = slot if (allowed != 0) & (following != LOW_HALF) else _NOWHERE
    passed = 0
    for token in range(count - 1):
        links[token] = NO_LINK
        aside[passed] = token
        passed += slots[token] != _NOWHERE
    for place in range(passed):
        prefetch(table + slots[aside[min(place + _AHEAD, passed - 1)]] * SLOT_BYTES)
        token = aside[place]
        key = pair_key(words[token], words[token + 1] & LOW_HALF)
        slot = find_continuation(table, mask, slots[token], key)
        if slot >= 0:
            links[token] = load_word(table + slot * SLOT_BYTES + 8)
    if count > 0:
        links[count - 1] = NO_LINK


@compiled
def _is_plain(mark: np.uint32) -> bool:
    """Whether a mark stands for one keyword or for none, not for a group of duplicates."""
    return (mark < SHARED) | (mark == NO_ENTRY)


@compiled
def collect(  # noqa: PLR0913  a kernel that stops and goes on: numba returns and takes its state as plain numbers
    block: Block,
    count: Integer,
    rows: Integer,
    row: Integer,
    token: Integer,
    index: TokenIndex,
    out: Keywords,
    size: Integer,
    row_begin: Integer,
    row_ends: Int64s,
) -> tuple[Integer, Integer, Integer, Integer, bool]:
    """Append the keywords of a block's captions to `out[:size]`, going on at `token` of caption `row`.

    Captions `[0, rows)` stop in this block, at its `row_stops`; the one that goes on is followed as far as no
    keyword can reach beyond the block. Returns `(row, token, size, row_begin, done)`, where `out[row_begin:size]` are
    the keywords of the caption that goes on, unsorted; `done` is false where `out` is too small to go on.
    """
    words, links, row_stops = block.words, block.links, block.row_stops
    table, mask = address_of(index.continuations), index.continuations.size // SLOT - 1
    room = index.most_per_token + LANES
    while True:
        last = row_stops[row] if row < rows else count
        stop = last if row < rows else max(token, count - index.depth)
        while token < stop:
            if size + room > out.size:
                return row, token, size, row_begin, False
            mark = np.uint32(words[token] >> HALF)
            link = links[token] if token + 1 < last else NO_LINK
            pair = np.uint32(link >> HALF)
            # Nearly always: at most one keyword ends at the token and one at its neighbour. Written in any case and
            # counted if it is one, since no processor foretells which words are.
            if _is_plain(mark) & _is_plain(pair) & (link & HAS_CHILDREN == 0):
                out[size] = mark
                size += mark < SHARED
                out[size] = pair
                size += pair < SHARED
                token += 1
                continue
            after = token + 1
            while True:
                if mark < SHARED:
                    out[size] = mark
                    size += 1
                elif mark != NO_ENTRY:
                    group = mark & ~SHARED
                    for member in range(index.shared_begin[group], index.shared_begin[group + 1]):
                        out[size] = index.shared_entries[member]
                        size += 1
                if link == NO_LINK:
                    break
                mark = np.uint32(link >> HALF)
                after += 1
                following = words[after] & LOW_HALF if after < last else LOW_HALF
                if link & HAS_CHILDREN == 0 or following == LOW_HALF:
                    link = NO_LINK
                else:
                    key = pair_key(link & NODE, following)
                    slot = find_continuation(table, mask, first_slot(key, mask), key)
                    link = load_word(table + slot * SLOT_BYTES + 8) if slot >= 0 else NO_LINK
            token += 1
        if row == rows:
            return row, token, size, row_begin, True
        size = row_begin + sort_unique(out, row_begin, size)
        row_begin = size
        row_ends[row] = size
        row += 1
