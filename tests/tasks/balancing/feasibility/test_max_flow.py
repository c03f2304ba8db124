"""The maximum flow as the full answer, beside linear programming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from storage.errors import InputError
from tasks.balancing.feasibility import max_flow
from tasks.balancing.feasibility.max_flow import feasibility
from tasks.balancing.feasibility.obstacles import obstacles
from tasks.balancing.matrix.incidence import incidence_of
from tests.tasks.balancing.examples import dense, feasible_targets, random_matrix


def least_l1(matrix, rows: np.ndarray, columns: np.ndarray) -> float:
    """Mass that cannot flow, by linear programming: 1 − max Σ x over the support within both margins."""
    n, m = matrix.rows, matrix.columns
    i, j = np.nonzero(dense(matrix))
    a = np.zeros((n + m, len(i)))
    a[i, np.arange(len(i))] = 1
    a[n + j, np.arange(len(i))] = 1
    found = linprog(-np.ones(len(i)), A_ub=a, b_ub=np.concatenate([rows, columns]), method="highs")
    return 1.0 + found.fun


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_deficit_equals_a_linear_programme(seed: int) -> None:
    matrix = random_matrix(12, 6, seed)
    generator = np.random.default_rng(seed)
    rows, columns = generator.dirichlet(np.ones(12)), generator.dirichlet(np.ones(6))
    found = feasibility(matrix.indptr, matrix.indices, row_target=rows, column_target=columns)
    assert found.deficit == pytest.approx(least_l1(matrix, rows, columns), abs=1e-7)
    if not found.feasible:
        cut = set(found.blocking.columns)
        inside = [set(matrix.keywords_of(i).tolist()) <= cut for i in range(12)]
        assert rows[inside].sum() == pytest.approx(found.blocking.held, abs=1e-9)
        assert found.blocking.held - found.blocking.allowed == pytest.approx(found.deficit, abs=1e-7)


def test_margins_of_a_measure_are_feasible() -> None:
    matrix = random_matrix(80, 20, 4)
    rows, columns = feasible_targets(matrix)
    found = feasibility(matrix.indptr, matrix.indices, row_target=rows, column_target=columns)
    assert found.feasible and found.blocking is None


def test_hall_violation_that_only_the_flow_sees_is_named() -> None:
    matrix = incidence_of([[0, 1], [0, 1], [0, 1], [1, 2], [2, 3], [0, 3]], 4)
    target = np.array([0.2, 0.2, 0.3, 0.3])
    assert obstacles(matrix.indptr, matrix.indices, row_target=np.array([1 / 6]), column_target=target) == ()
    found = feasibility(matrix.indptr, matrix.indices, row_target=None, column_target=target)
    assert not found.feasible and found.blocking.columns == (0, 1)
    assert found.deficit == pytest.approx(0.1, abs=1e-8)
    sentence = found.blocking.sentence(["dog", "cat", "sun", "sky"])
    assert sentence == "captions that hold only keywords among “dog”, “cat” carry 0.5, more than the targets' sum 0.4"


def test_whole_numbers_and_lists_are_masses() -> None:
    matrix = incidence_of([[0], [0, 1], [1]], 2)
    offsets, keywords = matrix.indptr.tolist(), matrix.indices.tolist()
    assert feasibility(offsets, keywords, row_target=[1, 1, 1], column_target=[2, 1]).feasible
    found = feasibility(offsets, keywords, row_target=np.array([2, 1, 1]), column_target=np.array([1, 3]))
    assert found.deficit == pytest.approx(0.25, abs=1e-8) and found.blocking.columns == (0,)


def test_what_cannot_be_answered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = incidence_of([[0], [0, 1]], 2)
    with pytest.raises(InputError, match="positive mass"):
        feasibility(matrix.indptr, matrix.indices, row_target=None, column_target=np.zeros(2))
    monkeypatch.setattr(max_flow, "MOST_ARCS", 2)
    with pytest.raises(InputError, match="3 arcs would take too long"):
        feasibility(matrix.indptr, matrix.indices, row_target=None, column_target=np.ones(2))
