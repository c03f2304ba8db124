"""The tree of a table of links, against an independent implementation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import minimum_spanning_tree as csgraph_tree

from tasks.geometry.tree.link_tree import link_tree


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 8), st.integers(0, 2**31), st.booleans())
def test_the_tree_of_links_is_the_shortest(count: int, seed: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(1, 3, (count, count)) if tied else rng.random((count, count)) + 0.1
    squared = np.triu(table, 1).astype(np.float64)
    squared += squared.T
    ends = np.full((count, count, 2), -1, np.int32)
    for a in range(count):
        for b in range(count):
            if a != b:  # component c is the point c: its links end there
                ends[a, b] = min(a, b), max(a, b)
    truth = csgraph_tree(squared).sum()
    np.fill_diagonal(squared, np.inf)
    chosen = link_tree(squared, ends)
    assert len(chosen) == count - 1 and len({tuple(edge) for edge in chosen.tolist()}) == count - 1
    assert squared[chosen[:, 0], chosen[:, 1]].sum() == pytest.approx(truth)
