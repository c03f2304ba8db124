"""The first loops on a block of tokens (compiled): bytes to tokens, tokens to keys, keys to the vocabulary's words."""

from typing import NamedTuple

import numpy as np

from tasks.arrays import Bytes, Int64s, Words
from tasks.compiled import Integer, compiled
from tasks.matching.index.index import TokenIndex
from tasks.matching.index.token_table import (
    HIGH_BYTES,
    LENGTH_SHIFT,
    LOW_BYTES,
    SHORT,
    SLOT,
    SLOT_BYTES,
    UNKNOWN,
    find_token,
    home_slot,
    long_key,
)
from tasks.matching.machine.intrinsics import address_of, load_byte, load_word, lowest_bit, prefetch, search_bytes
from tasks.matching.spacing.text import BLANKS, ORDINARY, PUNCTUATION, TOKEN

WINDOW = 64
MOST_TOKENS = 2 * WINDOW + 1
"""Most tokens that one window of bytes, with the end of its text, can complete."""
_AHEAD = 16

special_bytes = search_bytes(f" {BLANKS}{PUNCTUATION}".encode())
"""Which of 64 bytes can split a text; for text that was spaced before, `classes` makes all but the space ordinary."""


class Block(NamedTuple):
    """Some hundreds of tokens on their way through the loops; one array `[size]` for each thing known of a token.

    Attributes:
        begins: where its bytes begin.
        lengths: how many they are.
        lows: the first word of its key.
        highs: the second.
        slots: where a search for it begins; later, for it and its neighbour.
        words: its number and mark, or `UNKNOWN`.
        followers: the filter of the tokens that can follow it.
        aside: tokens that a loop leaves for the next one, so that neither has to guess.
        links: the continuation by its neighbour.
        row_stops: the token at which each text that ends in this block stops.
    """

    begins: Int64s
    lengths: Int64s
    lows: Words
    highs: Words
    slots: Int64s
    words: Words
    followers: Words
    aside: Int64s
    links: Words
    row_stops: Int64s


@compiled
def make_block(size: Integer) -> Block:
    """A block with room for `size` tokens."""
    return Block(
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.uint64),
        np.empty(size, np.uint64),
        np.empty(size, np.int64),
        np.empty(size, np.uint64),
        np.empty(size, np.uint64),
        np.empty(size, np.int64),
        np.empty(size, np.uint64),
        np.empty(size, np.int64),
    )


@compiled
def split(
    values: Bytes,
    offsets: Int64s,
    classes: Bytes,
    row: Integer,
    position: Integer,
    start: Integer,
    block: Block,
    count: Integer,
) -> tuple[Integer, Integer, Integer, Integer]:
    """Cut texts into tokens until the block is full or all texts are done.

    Goes on at byte `position` of text `row`, whose unfinished token began at `start`. Fills `begins` and `lengths`
    from `count` on, and `row_stops`. Returns the new `(position, start, count)` and how many texts were finished.
    """
    begins, lengths = block.begins, block.lengths
    texts = offsets.size - 1
    room = begins.size - MOST_TOKENS
    address = address_of(values)
    finished = np.int64(0)
    while row < texts and count <= room:
        stop = offsets[row + 1]
        while position < stop and count <= room:
            special = special_bytes(address + position)
            if stop - position < WINDOW:
                special &= (np.uint64(1) << np.uint64(stop - position)) - np.uint64(1)
            while special != 0:
                place = position + lowest_bit(special)
                special &= special - np.uint64(1)
                kind = classes[load_byte(address + place)]
                if kind == ORDINARY:
                    continue
                begins[count], lengths[count] = start, place - start
                begins[count + 1], lengths[count + 1] = place, 1
                count += 1 + (kind == TOKEN)
                start = place + 1
            position += WINDOW
        if position >= stop and count <= room:
            begins[count], lengths[count] = start, stop - start
            count += 1
            block.row_stops[finished] = count
            finished += 1
            row += 1
            position = start = stop
    return position, start, count, finished


@compiled
def make_keys(values: Bytes, block: Block, first: Integer, count: Integer, mask: Integer) -> None:
    """The keys of tokens `[first, count)` and the slots where their search begins; the short ones without a branch."""
    begins, lengths, lows, highs, slots = block.begins, block.lengths, block.lows, block.highs, block.slots
    address = address_of(values)
    long_tokens = 0
    for token in range(first, count):
        length = lengths[token]
        long_tokens += length >= SHORT
        known = min(length, SHORT - 1)
        place = address + begins[token]
        lows[token] = load_word(place) & LOW_BYTES[known]
        highs[token] = (load_word(place + 8) & HIGH_BYTES[known]) | (np.uint64(known + 1) << LENGTH_SHIFT)
        slots[token] = home_slot(lows[token], highs[token], mask)
    if long_tokens:
        for token in range(first, count):
            if lengths[token] >= SHORT:
                lows[token], highs[token] = long_key(address + begins[token], lengths[token])
                slots[token] = home_slot(lows[token], highs[token], mask)


@compiled
def look_up(values: Bytes, block: Block, first: Integer, count: Integer, index: TokenIndex) -> None:
    """The vocabulary's word 2 (`UNKNOWN` for other tokens) and word 3 of tokens `[first, count)`.

    First every token's home slot, without a branch; then the tokens that another one keeps from it, and the long ones.
    """
    begins, lengths, lows, highs, slots = block.begins, block.lengths, block.lows, block.highs, block.slots
    table, mask = address_of(index.tokens), index.tokens.size // SLOT - 1
    arena, arena_begin, address = address_of(index.arena), address_of(index.arena_begin), address_of(values)
    words, followers, aside = block.words, block.followers, block.aside
    for token in range(first, min(first + _AHEAD, count)):
        prefetch(table + slots[token] * SLOT_BYTES)
    others = 0
    for token in range(first, count):
        prefetch(table + slots[min(token + _AHEAD, count - 1)] * SLOT_BYTES)
        place = table + slots[token] * SLOT_BYTES
        second = load_word(place + 8)
        found = (load_word(place) == lows[token]) & (second == highs[token]) & (lengths[token] < SHORT)
        all_or_none = np.uint64(0) - np.uint64(found)
        words[token] = load_word(place + 16) & all_or_none | UNKNOWN & ~all_or_none
        followers[token] = load_word(place + 24) & all_or_none
        aside[others] = token
        others += (not found) & (second != 0)
    for place in range(others):
        token = aside[place]
        slot = find_token(
            table,
            mask,
            slots[token],
            lows[token],
            highs[token],
            address + begins[token],
            lengths[token],
            arena,
            arena_begin,
        )
        if slot >= 0:
            words[token] = load_word(table + slot * SLOT_BYTES + 16)
            followers[token] = load_word(table + slot * SLOT_BYTES + 24)
