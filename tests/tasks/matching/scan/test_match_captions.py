"""The loops of the scan one by one, each against a plain Python loop; blocks so small that captions cross them."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.matching.arrow import padded_buffers
from tasks.matching.index.index import NO_ENTRY, TokenIndex, build_index
from tasks.matching.index.token_table import SLOT, UNKNOWN
from tasks.matching.scan.collect_entries import NO_LINK, collect, find_pairs
from tasks.matching.scan.match_captions import match_captions
from tasks.matching.scan.tokens import MOST_TOKENS, Block, look_up, make_block, make_keys, split
from tasks.matching.spacing.text import byte_classes, spacing
from tests.tasks.matching.texts import entry_lists, plain_loop, texts

CLASSES = byte_classes(wrap=True)


def laid_out(rows: list[str]) -> tuple[np.ndarray, np.ndarray]:
    return padded_buffers(pa.array([row.encode() for row in rows], pa.large_binary()))


def index_of(entries: list[str]) -> TokenIndex:
    return build_index(*laid_out(entries), np.arange(len(entries), dtype=np.uint32))[0]


def tokens_of(caption: str) -> list[bytes]:
    return spacing(caption)[1:-1].encode().split(b" ")


def read_block(rows: list[str], index: TokenIndex) -> tuple[Block, int, int, list[bytes]]:
    """All the tokens of few captions in one block, looked up."""
    values, offsets = laid_out(rows)
    block = make_block(4_000 + MOST_TOKENS)
    _, _, count, done = split(values, offsets, CLASSES, 0, offsets[0], offsets[0], block, 0)
    make_keys(values, block, 0, count, index.tokens.size // SLOT - 1)
    look_up(values, block, 0, count, index)
    spans = zip(block.begins[:count], block.lengths[:count])
    return block, count, done, [bytes(values[begin : begin + length]) for begin, length in spans]


@settings(max_examples=60, deadline=None)
@given(st.lists(texts(longest=8), max_size=6), st.integers(0, 40))
def test_split_is_spacing_whatever_the_block_holds(rows: list[str], room: int) -> None:
    values, offsets = laid_out(rows)
    block = make_block(room + MOST_TOKENS)
    position = start = offsets[0]
    done, found, stops = 0, [], []
    while done < len(rows):
        position, start, count, finished = split(values, offsets, CLASSES, done, position, start, block, 0)
        stops += [len(found) + stop for stop in block.row_stops[:finished].tolist()]
        found += [bytes(values[b : b + n]) for b, n in zip(block.begins[:count], block.lengths[:count])]
        done += finished
    assert [found[begin:end] for begin, end in pairwise([0, *stops])] == [tokens_of(row) for row in rows]


@settings(max_examples=60, deadline=None)
@given(entry_lists(), st.lists(texts(longest=8), max_size=6))
def test_look_up_knows_the_words_of_the_list_and_no_others(entries: list[str], rows: list[str]) -> None:
    known = list(dict.fromkeys(word for entry in entries for word in entry.encode().split(b" ")))
    block, count, done, tokens = read_block(rows, index_of(entries))
    assert done == len(rows) and tokens == [token for row in rows for token in tokens_of(row)]
    for place in range(count):
        number = int(block.words[place]) & 0xFFFFFFFF
        if tokens[place] in known:
            assert number == known.index(tokens[place])
        else:
            assert block.words[place] == UNKNOWN


@settings(max_examples=60, deadline=None)
@given(entry_lists(), st.lists(texts(longest=8), max_size=6))
def test_pairs_are_those_that_begin_a_keyword_and_collect_is_the_plain_loop(
    entries: list[str], rows: list[str]
) -> None:
    index = index_of(entries)
    block, count, done, tokens = read_block(rows, index)
    find_pairs(block, count, index)
    begun = {tuple(entry.encode().split(b" ")[:2]) for entry in entries if " " in entry}
    for place, pair in enumerate(pairwise(tokens)):
        assert (block.links[place] != NO_LINK) == (pair in begun)
    assert count == 0 or block.links[count - 1] == NO_LINK
    out = np.empty(0, np.uint32)
    ends = np.zeros(len(rows), np.int64)
    row, token, size, begin, complete = 0, 0, 0, 0, False
    while not complete:  # too small at first, so that collecting stops and goes on
        grown = np.empty(out.size + index.most_per_token, np.uint32)
        grown[: out.size], out = out, grown
        row, token, size, begin, complete = collect(block, count, done, row, token, index, out, size, begin, ends)
    found = [out[a:b].tolist() for a, b in pairwise([0, *ends.tolist()])]
    assert found == plain_loop(entries, rows) and (row, begin) == (len(rows), size)


@settings(max_examples=40, deadline=None)
@given(entry_lists(), st.lists(texts(longest=8), max_size=6), st.integers(1, 400))
def test_long_captions_flow_through_the_blocks(entries: list[str], rows: list[str], times: int) -> None:
    longer = [row * times for row in rows]
    found, ends = match_captions(*laid_out(longer), CLASSES, index_of(entries))
    assert [found[a:b].tolist() for a, b in pairwise([0, *ends.tolist()])] == plain_loop(entries, longer)
    assert NO_ENTRY not in found


def test_text_that_was_spaced_before_splits_at_the_space_alone() -> None:
    found, ends = match_captions(*laid_out(["a, b", "a ,\tb"]), byte_classes(wrap=False), index_of(["a,", "b", ",\tb"]))
    assert (found.tolist(), ends.tolist()) == ([0, 1, 2], [2, 3])
