"""Connected components, beside a union of sets, and the totals that each must meet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.balancing.feasibility.components import component_obstacles, components
from tasks.balancing.matrix.incidence import incidence_of


def test_components_by_size() -> None:
    matrix = incidence_of([[3], [0, 1], [1, 2], [0, 2], [], [4, 5]], 7)
    found = components(matrix.indptr, matrix.indices, 7)
    assert found.number == 3
    assert found.of_column.tolist() == [0, 0, 0, 2, 1, 1, -1]
    assert found.of_row.tolist() == [2, 0, 0, 0, -1, 1]
    assert found.rows.tolist() == [3, 1, 1] and found.columns.tolist() == [3, 2, 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=15))
def test_components_are_the_unions_of_overlapping_rows(lists: list[list[int]]) -> None:
    unions: list[set[int]] = []
    for row in lists:
        if row:
            joined = set(row).union(*(union for union in unions if union & set(row)))
            unions = [union for union in unions if not union & joined] + [joined]
    matrix = incidence_of(lists, 10)
    found = components(matrix.indptr, matrix.indices, 10)
    assert found.number == len(unions)
    assert {frozenset(np.flatnonzero(found.of_column == k).tolist()) for k in range(found.number)} == set(
        map(frozenset, unions)
    )
    assert found.matches.sum() == len(matrix.indices) and (np.diff(found.matches) <= 0).all()
    for i, row in enumerate(lists):
        assert found.of_row[i] == (found.of_column[row[0]] if row else -1)


def test_lists_are_a_matrix_too() -> None:
    assert components([0, 2, 3], [0, 1, 2], 4).of_column.tolist() == [0, 0, 1, -1]


def test_unequal_totals_are_named_the_worst_first() -> None:
    matrix = incidence_of([[0, 1], [2, 3], [4, 5], [6]], 7)
    parts = components(matrix.indptr, matrix.indices, 7)
    rows, target = np.full(4, 0.25), np.array([0.1, 0.1, 0.2, 0.25, 0.1, 0.15, 0.1])
    found = component_obstacles(parts, rows, target, slack=1e-9)
    assert [(each.columns, each.held, pytest.approx(each.allowed)) for each in found] == [
        ((2, 3), 0.25, pytest.approx(0.45)),
        ((0, 1), 0.25, pytest.approx(0.2)),
    ]
    one = incidence_of([[0, 1], [1, 2]], 3)
    assert component_obstacles(components(one.indptr, one.indices, 3), np.ones(2), np.zeros(3), slack=0.0) == []
