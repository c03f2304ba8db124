"""Filling the index's two hash tables (compiled); both double whenever they are half full."""

import numpy as np

from tasks.arrays import Bytes, Int64s, Keywords, Words
from tasks.compiled import Integer, compiled
from tasks.matching.index import token_table as vocabulary
from tasks.matching.index import trie_table as continuations
from tasks.matching.index.token_table import HALF, LOW_HALF, SHORT, find_token, home_slot, long_key, short_key
from tasks.matching.index.trie_table import (
    DEEP,
    FREE,
    HAS_CHILDREN,
    filter_shift,
    find_continuation,
    first_slot,
    pair_key,
)
from tasks.matching.machine.intrinsics import address_of

_FIRST_SLOTS = 1 << 10
_SPACE = ord(" ")
_TOKEN = vocabulary.SLOT
_LINK = continuations.SLOT


@compiled
def split_texts(values: Bytes, offsets: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """The tokens of all texts, empty ones too: begins and lengths `[tokens]`, each text's first token `[n + 1]`."""
    texts = offsets.size - 1
    most = texts
    for position in range(offsets[0], offsets[texts]):
        most += values[position] == _SPACE
    begins, lengths = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    runs = np.zeros(texts + 1, dtype=np.int64)
    count = 0
    for text in range(texts):
        begin, stop = offsets[text], offsets[text + 1]
        for position in range(begin, stop + 1):
            if position == stop or values[position] == _SPACE:
                begins[count], lengths[count] = begin, position - begin
                count += 1
                begin = position + 1
        runs[text + 1] = count
    return begins, lengths, runs


@compiled
def intern_tokens(values: Bytes, begins: Int64s, lengths: Int64s) -> tuple[Int64s, Words, Bytes, Int64s]:
    """Number the distinct tokens in order of appearance. `values` must be readable `LOOK_AHEAD` bytes past its texts.

    Returns every token's number `[tokens]`, the token table, the bytes of the long ones, and where each begins there.
    """
    numbers = np.empty(begins.size, dtype=np.int64)
    table = np.zeros(_FIRST_SLOTS * _TOKEN, dtype=np.uint64)
    arena_size = 0
    for token in range(begins.size):
        arena_size += lengths[token] if lengths[token] >= SHORT else 0
    arena, arena_begin = np.empty(arena_size, dtype=np.uint8), np.zeros(begins.size, dtype=np.int64)
    distinct = arena_size = 0
    for token in range(begins.size):
        length = lengths[token]
        address = address_of(values) + begins[token]
        low, high = long_key(address, length) if length >= SHORT else short_key(address, length)
        mask = table.size // _TOKEN - 1
        slot = find_token(
            address_of(table),
            mask,
            home_slot(low, high, mask),
            low,
            high,
            address,
            length,
            address_of(arena),
            address_of(arena_begin),
        )
        if slot >= 0:
            numbers[token] = np.int64(table[slot * _TOKEN + 2])
            continue
        base = (-slot - 1) * _TOKEN
        table[base], table[base + 1], table[base + 2] = low, high, np.uint64(distinct)
        numbers[token] = distinct
        arena_begin[distinct] = arena_size
        if length >= SHORT:
            for step in range(length):
                arena[arena_size + step] = values[begins[token] + step]
            arena_size += length
        distinct += 1
        if distinct * 2 * _TOKEN > table.size:
            table = _rehashed_tokens(table)
    return numbers, table, arena[:arena_size].copy(), arena_begin[:distinct].copy()


@compiled
def insert_runs(numbers: Int64s, runs: Int64s) -> tuple[Words, Integer, Int64s]:
    """Put every text's run of token numbers, `numbers[runs[i]:runs[i + 1]]`, into a trie.

    Returns the continuation table, the number of continuations, and the last node of every text.
    """
    nodes = np.empty(runs.size - 1, dtype=np.int64)
    table = np.full(_FIRST_SLOTS * _LINK, FREE, dtype=np.uint64)
    links = 0
    for text in range(nodes.size):
        nodes[text] = numbers[runs[text]]
        for token in range(runs[text] + 1, runs[text + 1]):
            key = pair_key(np.uint64(nodes[text]), np.uint64(numbers[token]))
            mask = table.size // _LINK - 1
            slot = find_continuation(address_of(table), mask, first_slot(key, mask), key)
            if slot >= 0:
                nodes[text] = np.int64(table[slot * _LINK + 1])
                continue
            base = (-slot - 1) * _LINK
            nodes[text] = DEEP + links
            table[base], table[base + 1] = key, np.uint64(nodes[text])
            links += 1
            if links * 2 * _LINK > table.size:
                table = _rehashed_links(table)
    return table, links, nodes


@compiled
def _rehashed_tokens(table: Words) -> Words:
    """The token table with twice the slots. All keys differ here, or their bytes do: nothing needs comparing."""
    larger = np.zeros(2 * table.size, dtype=np.uint64)
    mask = larger.size // _TOKEN - 1
    for base in range(0, table.size, _TOKEN):
        if table[base + 1] != 0:
            slot = home_slot(table[base], table[base + 1], mask)
            while larger[slot * _TOKEN + 1] != 0:
                slot = (slot + 1) & mask
            for step in range(_TOKEN):
                larger[slot * _TOKEN + step] = table[base + step]
    return larger


@compiled
def _rehashed_links(table: Words) -> Words:
    """The continuation table with twice the slots."""
    larger = np.full(2 * table.size, FREE, dtype=np.uint64)
    mask = larger.size // _LINK - 1
    for base in range(0, table.size, _LINK):
        key = table[base]
        if key != FREE:
            slot = -find_continuation(address_of(larger), mask, first_slot(key, mask), key) - 1
            larger[slot * _LINK], larger[slot * _LINK + 1] = key, table[base + 1]
    return larger


@compiled
def attach_marks(tokens: Words, links: Words, token_marks: Keywords, link_marks: Keywords) -> None:
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
