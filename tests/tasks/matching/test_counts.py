"""Counts against a plain tally, and their sum."""

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.matching.counts import count_entries, counts_table, merge_counts

rows = st.lists(st.lists(st.integers(0, 9), unique=True), max_size=20)


@settings(deadline=None)  # the first example compiles
@given(rows, st.integers(0, 20))
def test_shards_add_up(lists: list[list[int]], cut: int) -> None:
    def table(part: list[list[int]]) -> pa.Table:
        counts = np.zeros(10, dtype=np.uint64)
        count_entries(pa.array(part, pa.large_list(pa.uint32())), counts)
        return counts_table(counts)

    tally = Counter(entry for row in lists for entry in row)
    merged = merge_counts([table(lists[cut:]), table(lists[:cut])], 10)
    assert merged.dtype == np.uint64
    assert merged.tolist() == [tally[entry] for entry in range(10)]


def test_only_entries_that_occur_are_written() -> None:
    assert counts_table(np.array([0, 3, 0, 1], dtype=np.uint64)).to_pydict() == {"entry": [1, 3], "count": [3, 1]}
