"""Filling the index's two hash tables (compiled); both double whenever they are half full."""

import numpy as np

from tasks.matching import continuations, vocabulary
from tasks.matching.compiled import compiled
from tasks.matching.continuations import DEEP, FREE, HAS_CHILDREN, NODE, filter_shift, find_continuation, first_slot, pair_key
from tasks.matching.memory import address_of
from tasks.matching.vocabulary import HALF, LOW_HALF, SHORT, find_token, home_slot, long_key, short_key

_FIRST_SLOTS = 1 << 10
_SPACE = ord(" ")
_TOKEN = vocabulary.SLOT
_LINK = continuations.SLOT


@compiled
def _grown(array):
    """A copy with twice the room."""
    copy = np.empty(2 * array.size, dtype=array.dtype)
    copy[: array.size] = array
    return copy


@compiled
def _rehashed_tokens(table):
    """The token table with twice the slots. The keys of one table are told apart by position, no bytes are needed."""
    larger = np.zeros(2 * table.size, dtype=np.uint64)
    mask = larger.size // _TOKEN - 1
    for base in range(0, table.size, _TOKEN):
        if table[base + 1] != 0:
            slot = home_slot(table[base], table[base + 1], mask)
            while larger[slot * _TOKEN + 1] != 0:
                slot = (slot + 1) & mask
            larger[slot * _TOKEN : slot * _TOKEN + _TOKEN] = table[base : base + _TOKEN]
    return larger


@compiled
def _rehashed_links(table):
    """The continuation table with twice the slots."""
    larger = np.full(2 * table.size, FREE, dtype=np.uint64)
    mask = larger.size // _LINK - 1
    for base in range(0, table.size, _LINK):
        key = table[base]
        if key != FREE:
            slot = -find_continuation(address_of(larger), mask, first_slot(key, mask), key) - 1
            larger[slot * _LINK] = key
            larger[slot * _LINK + 1] = table[base + 1]
    return larger


@compiled
def insert_texts(values, offsets):
    """Put the token run of every text into fresh tables. `values` must be readable `LOOK_AHEAD` bytes past its texts.

    Returns the token table, the continuation table, the long tokens' bytes and where each begins, the number of
    continuations, the last node of every text, and the tokens of the longest text.
    """
    texts = offsets.size - 1
    tokens = np.zeros(_FIRST_SLOTS * _TOKEN, dtype=np.uint64)
    links = np.full(_FIRST_SLOTS * _LINK, FREE, dtype=np.uint64)
    arena = np.empty(1 << 12, dtype=np.uint8)
    arena_begin = np.empty(_FIRST_SLOTS, dtype=np.int64)
    nodes = np.empty(texts, dtype=np.int64)
    token_count = link_count = arena_size = depth = 0
    for text in range(texts):
        begin, stop = offsets[text], offsets[text + 1]
        node = -1
        run = 0
        for position in range(begin, stop + 1):
            if position < stop and values[position] != _SPACE:
                continue
            length = position - begin
            address = address_of(values) + begin
            low, high = long_key(address, length) if length >= SHORT else short_key(address, length)
            mask = tokens.size // _TOKEN - 1
            slot = home_slot(low, high, mask)
            slot = find_token(
                address_of(tokens), mask, slot, low, high, address, length, address_of(arena), address_of(arena_begin)
            )
            if slot >= 0:
                token = np.int64(tokens[slot * _TOKEN + 2] & LOW_HALF)
            else:
                token = token_count
                token_count += 1
                base = (-slot - 1) * _TOKEN
                tokens[base], tokens[base + 1], tokens[base + 2] = low, high, np.uint64(token)
                if token == arena_begin.size:
                    arena_begin = _grown(arena_begin)
                arena_begin[token] = arena_size
                if length >= SHORT:
                    while arena_size + length > arena.size:
                        arena = _grown(arena)
                    arena[arena_size : arena_size + length] = values[begin:position]
                    arena_size += length
                if token_count * 2 * _TOKEN > tokens.size:
                    tokens = _rehashed_tokens(tokens)
            if node < 0:
                node = token
            else:
                key = pair_key(np.uint64(node), np.uint64(token))
                mask = links.size // _LINK - 1
                slot = find_continuation(address_of(links), mask, first_slot(key, mask), key)
                if slot >= 0:
                    node = np.int64(links[slot * _LINK + 1] & NODE)
                else:
                    base = (-slot - 1) * _LINK
                    links[base] = key
                    node = DEEP + link_count
                    links[base + 1] = np.uint64(node)
                    link_count += 1
                    if link_count * 2 * _LINK > links.size:
                        links = _rehashed_links(links)
            run += 1
            begin = position + 1
        nodes[text] = node
        depth = max(depth, run)
    return tokens, links, arena[:arena_size].copy(), arena_begin[:token_count].copy(), link_count, nodes, depth


@compiled
def attach_marks(tokens, links, token_marks, link_marks):
    """Write every node's mark into its slot, and tell each node which tokens can follow it."""
    slot_of_token = np.empty(token_marks.size, dtype=np.int64)
    for base in range(0, tokens.size, _TOKEN):
        if tokens[base + 1] != 0:
            token = np.int64(tokens[base + 2])
            slot_of_token[token] = base
            tokens[base + 2] = np.uint64(token) | (np.uint64(token_marks[token]) << HALF)
    slot_of_link = np.empty(link_marks.size, dtype=np.int64)
    for base in range(0, links.size, _LINK):
        if links[base] != FREE:
            link = np.int64(links[base + 1]) - DEEP
            slot_of_link[link] = base
            links[base + 1] |= np.uint64(link_marks[link]) << HALF
    for base in range(0, links.size, _LINK):
        if links[base] != FREE:
            parent = np.int64(links[base] >> HALF)
            if parent < DEEP:
                tokens[slot_of_token[parent] + 3] |= np.uint64(1) << filter_shift(links[base] & LOW_HALF)
            else:
                links[slot_of_link[parent - DEEP] + 1] |= HAS_CHILDREN
