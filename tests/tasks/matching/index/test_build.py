"""Filling the tables, against plain Python: splits, numbers of words, and runs of words."""

import random
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.matching.arrow import padded_buffers
from tasks.matching.index.build import insert_runs, intern_tokens, split_texts
from tasks.matching.index.index import MOST_ENTRIES, SHARED, TokenIndex, build_index
from tasks.matching.index.trie_table import DEEP, FREE, NODE, SLOT, filter_shift, first_slot, pair_key
from tasks.matching.matcher import KeywordMatcher
from tests.tasks.matching.texts import entry_lists


def laid_out(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    return padded_buffers(pa.array([text.encode() for text in texts], pa.large_binary()))


@settings(deadline=None)
@given(entry_lists())
def test_texts_are_split_at_spaces_and_words_numbered_as_they_come(texts: list[str]) -> None:
    values, offsets = laid_out(texts)
    begins, lengths, runs = split_texts(values, offsets)
    words = [text.encode().split(b" ") for text in texts]
    found = [bytes(values[begin : begin + length]) for begin, length in zip(begins, lengths)]
    assert [found[begin:end] for begin, end in pairwise(runs)] == words
    numbers, _, arena, arena_begin = intern_tokens(values, begins[: runs[-1]], lengths[: runs[-1]])
    order = list(dict.fromkeys(word for run in words for word in run))
    assert numbers.tolist() == [order.index(word) for run in words for word in run]
    for number, word in enumerate(order):
        if len(word) >= 16:
            assert bytes(arena[arena_begin[number] :][: len(word)]) == word


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), max_size=40))
def test_runs_end_at_one_node_exactly_where_they_are_equal(runs: list[list[int]]) -> None:
    numbers = np.array([number for run in runs for number in run], dtype=np.int64)
    table, links, nodes = insert_runs(numbers, np.cumsum([0, *map(len, runs)], dtype=np.int64))
    prefixes = {tuple(run[:length]) for run in runs for length in range(2, len(run) + 1)}
    assert links == len(prefixes) == np.count_nonzero(table[::SLOT] != FREE)
    by_node: dict[int, set[tuple[int, ...]]] = {}
    for run, node in zip(runs, nodes.tolist(), strict=True):
        by_node.setdefault(node, set()).add(tuple(run))
        assert node == run[0] if len(run) == 1 else node >= DEEP
    assert all(len(same) == 1 for same in by_node.values())
    assert len(by_node) == len({tuple(run) for run in runs})


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**32 - 2), st.integers(0, 20))
def test_keys_of_pairs_are_exact_and_slots_lie_in_the_table(node: int, token: int, bits: int) -> None:
    key = int(pair_key(np.uint64(node), np.uint64(token)))
    assert (key >> 32, key & 0xFFFFFFFF) == (node, token)
    assert 0 <= first_slot(np.uint64(key), 2**bits - 1) < 2**bits
    assert 0 <= filter_shift(np.uint64(token)) < 64


def test_the_index_of_a_list_by_hand() -> None:
    """Two equal keywords are a group; `red cat` is a continuation of `red`, which is no keyword itself."""
    values, offsets = laid_out(["cat", "red cat", "cat", "a cat on"])
    index, nodes = build_index(values, offsets, np.array([2, 4, 6, 8], dtype=np.uint32))
    assert isinstance(index, TokenIndex) and (index.depth, index.most_per_token) == (3, 6)
    assert nodes[0] == nodes[2] and len(set(nodes.tolist())) == 3
    assert index.shared_entries.tolist() == [2, 6] and index.shared_begin.tolist() == [0, 2]
    taken = index.continuations[::SLOT] != FREE
    marks = sorted((index.continuations[1::SLOT][taken] >> np.uint64(32)).tolist())
    assert marks == [4, 8, 0xFFFFFFFF]  # red cat, a cat on, and `a cat`, where no keyword ends
    assert (index.continuations[1::SLOT][taken] & NODE).max() < DEEP + 3
    assert index.nbytes > 0 and index.tokens.ctypes.data % 64 == 0
    assert SHARED > MOST_ENTRIES


@pytest.mark.parametrize("size", [500, 520, 2_000, 40_000])
def test_tables_that_grow_lose_nothing(size: int) -> None:
    """Around the first doubling of both tables (512 of 1,024 slots) and far beyond it."""
    source = random.Random(size)
    words = [f"{source.getrandbits(40):x}" + "y" * source.randint(0, 12) for _ in range(size)]
    entries = words + [f"{a} {b}" for a, b in pairwise(words)]
    column = pa.array(entries)
    found = KeywordMatcher(entries).match(column)
    first, pairs = found.to_pylist()[:size], found.to_pylist()[size:]
    assert first == [[place] for place in range(size)]
    assert pairs == [[place, place + 1, size + place] for place in range(size - 1)]
