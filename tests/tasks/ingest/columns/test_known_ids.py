"""The compiled set does what Python's does."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.columns.id_table import look
from tasks.ingest.columns.known_ids import KnownIds, seen_before

# Few different ids, which repeat; 0 and those that share their low bits.
IDS = st.lists(st.lists(st.sampled_from([0, 1, 1 << 10, 1 << 20, 2**64 - 1, 1023, 2047]), max_size=9), max_size=5)


@settings(deadline=None)
@given(parts=IDS)
def test_what_was_there_before(parts: list[list[int]]) -> None:
    ours, theirs = KnownIds(), set[int]()
    for ids in parts:
        array = np.array(ids, np.uint64)
        assert ours.has(array).tolist() == [id_ in theirs for id_ in ids]
        expected = []
        for id_ in ids:
            expected.append(id_ in theirs)
            theirs.add(id_)
        assert ours.add(array).tolist() == expected


def test_it_grows() -> None:
    ids = np.random.default_rng(0).integers(0, 2**64, 50_000, dtype=np.uint64)
    known = KnownIds()
    for start in range(0, 50_000, 7_000):
        assert not known.add(ids[start : start + 7_000]).any()
    assert known.has(ids).all() and not known.has(ids + np.uint64(1)).any()


@settings(deadline=None)
@given(own=IDS, earlier=IDS)
def test_only_the_groups_own_ids_are_kept(own: list[list[int]], earlier: list[list[int]]) -> None:
    seen = seen_before(*([np.array(ids, np.uint64) for ids in parts] for parts in (own, earlier)))
    mine, others = {id_ for ids in own for id_ in ids}, {id_ for ids in earlier for id_ in ids}
    for id_ in mine | others:
        assert seen.has(np.array([id_], np.uint64))[0] == (id_ in mine and id_ in others)


def test_an_id_whose_place_is_taken_stands_in_the_next_and_goes_round_the_end() -> None:
    table, used, known = np.zeros(4, np.uint64), np.zeros(4, np.bool_), np.empty(3, np.bool_)
    look(table, used, np.array([3, 7, 3], np.uint64), True, known)
    assert known.tolist() == [False, False, True]
    assert table.tolist() == [7, 0, 0, 3] and used.tolist() == [True, False, False, True]
