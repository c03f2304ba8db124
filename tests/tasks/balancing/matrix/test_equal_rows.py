"""Equal rows merged: every row is found again in its set, and the numbering does not follow the rows' order."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.balancing.matrix.equal_rows import distinct_rows, transpose
from tasks.balancing.matrix.incidence import incidence_of
from tests.tasks.balancing.examples import random_matrix

LISTS = st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=30)


@settings(max_examples=60, deadline=None)
@given(LISTS)
def test_sets_and_members_restore_the_matrix(lists: list[list[int]]) -> None:
    matrix = incidence_of(lists, 5)
    sets = distinct_rows(matrix.indptr, matrix.indices)
    keywords = [tuple(part.tolist()) for part in np.split(sets.indices, sets.indptr[1:-1])][: len(sets.multiplicity)]
    rows = [tuple(matrix.keywords_of(i).tolist()) for i in range(matrix.rows)]
    assert len(set(keywords)) == len(keywords) == len(set(rows))
    assert [keywords[k] for k in sets.member] == rows
    assert [rows.count(each) for each in keywords] == sets.multiplicity.tolist()


def test_sums_and_numbering_are_those_of_the_sets() -> None:
    matrix = random_matrix(300, 5, 4, empty=True)
    sets = distinct_rows(matrix.indptr, matrix.indices)
    values = np.random.default_rng(0).normal(size=300)
    np.testing.assert_allclose(
        sets.sums(values), [values[sets.member == k].sum() for k in range(len(sets.multiplicity))]
    )
    order = np.random.default_rng(1).permutation(300)
    there = distinct_rows(*(getattr(matrix.take(order), name) for name in ("indptr", "indices")))
    np.testing.assert_array_equal(there.member, sets.member[order])
    np.testing.assert_array_equal(there.indices, sets.indices)


def test_transpose_is_that_of_scipy() -> None:
    matrix = random_matrix(80, 11, 3, empty=True)
    table = sp.csr_array((np.ones(len(matrix.indices)), matrix.indices, matrix.indptr), shape=(80, 11)).tocsc()
    colptr, rows = transpose(matrix.indptr, matrix.indices, 11)
    np.testing.assert_array_equal(colptr, table.indptr)
    np.testing.assert_array_equal(rows, table.indices)
