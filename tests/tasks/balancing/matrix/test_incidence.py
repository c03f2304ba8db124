"""The matrix in compressed rows, against the same matrix in full."""

from __future__ import annotations

import numpy as np
import pytest

from storage.errors import InputError
from tasks.balancing.matrix.incidence import incidence_of, take_rows
from tests.tasks.balancing.examples import dense, random_matrix


def test_counts_and_degrees_are_sums_of_the_table() -> None:
    matrix = random_matrix(40, 9, 1, empty=True)
    np.testing.assert_array_equal(matrix.counts, dense(matrix).sum(axis=0))
    np.testing.assert_array_equal(matrix.degrees, dense(matrix).sum(axis=1))
    assert matrix.rows == 40
    for i in range(40):
        np.testing.assert_array_equal(matrix.keywords_of(i), np.flatnonzero(dense(matrix)[i]))


@pytest.mark.parametrize("rows", [[], [3], [5, 5, 0], list(range(39, -1, -1))])
def test_rows_are_taken_in_any_order(rows: list[int]) -> None:
    matrix = random_matrix(40, 9, 2, empty=True)
    for chosen in (rows, np.array(rows, dtype=np.int32)):
        taken = matrix.take(chosen)
        np.testing.assert_array_equal(dense(taken), dense(matrix)[rows])
        np.testing.assert_array_equal(taken.ids, matrix.ids[rows])
    indptr, indices = take_rows(matrix.indptr.astype(np.int32), matrix.indices, np.array(rows, dtype=np.int64))
    assert indptr.dtype == np.int64 and indptr[-1] == len(indices)


def test_plain_lists_are_sorted_and_made_unique() -> None:
    matrix = incidence_of([[2, 0, 2], (), {1}], 3)
    assert matrix.indptr.tolist() == [0, 2, 2, 3] and matrix.indices.tolist() == [0, 2, 1]
    assert (matrix.indptr.dtype, matrix.indices.dtype, matrix.ids.dtype) == (np.int64, np.uint32, np.uint64)
    assert incidence_of([], 2).rows == 0
    for wrong in ([[3]], [[-1]]):
        with pytest.raises(InputError, match="names keyword"):
            incidence_of(wrong, 3)
