"""Obstacles in words, components, and the maximum flow as the full answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from tasks.balancing.feasibility.components import components
from tasks.balancing.feasibility.max_flow import feasibility
from tasks.balancing.feasibility.obstacles import obstacles, shard_obstacles
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
    assert obstacles(matrix.indptr, matrix.indices, row_target=rows, column_target=columns) == ()


def test_hall_violation_that_only_the_flow_sees_is_named() -> None:
    matrix = incidence_of([[0, 1], [0, 1], [0, 1], [1, 2], [2, 3], [0, 3]], 4)
    target = np.array([0.2, 0.2, 0.3, 0.3])
    assert obstacles(matrix.indptr, matrix.indices, row_target=np.array([1 / 6]), column_target=target) == ()
    found = feasibility(matrix.indptr, matrix.indices, row_target=None, column_target=target)
    assert not found.feasible and found.blocking.columns == (0, 1)
    assert found.deficit == pytest.approx(0.1, abs=1e-8)
    sentence = found.blocking.sentence(["dog", "cat", "sun", "sky"])
    assert sentence == "captions that hold only keywords among “dog”, “cat” carry 0.5, more than the targets' sum 0.4"


def test_forced_mass_is_named_worst_first() -> None:
    matrix = incidence_of([[0], [0], [0], [1], [1], [0, 1, 2]], 3)
    found = obstacles(
        matrix.indptr, matrix.indices, row_target=np.array([1 / 6]), column_target=np.array([0.1, 0.3, 0.6])
    )
    forced = [obstacle for obstacle in found if obstacle.kind == "forced"]
    assert [obstacle.columns for obstacle in forced] == [(0,), (1,)]
    assert forced[0].held == pytest.approx(0.5)


def test_shards_count_the_same_obstacles() -> None:
    matrix = random_matrix(60, 10, 2)
    target = np.full(10, 0.1)
    alone = np.bincount(matrix.indices[matrix.indptr[:-1][matrix.degrees == 1]], minlength=10)
    counted = shard_obstacles(matrix.counts, alone, 60, target)
    full = obstacles(
        matrix.indptr, matrix.indices, row_target=np.array([1 / 60]), column_target=target, connected=False
    )
    assert [(o.kind, o.columns) for o in counted] == [(o.kind, o.columns) for o in full]


def test_components_by_size() -> None:
    matrix = incidence_of([[3], [0, 1], [1, 2], [0, 2], [], [4, 5]], 7)
    found = components(matrix.indptr, matrix.indices, 7)
    assert found.number == 3
    assert found.of_column.tolist() == [0, 0, 0, 2, 1, 1, -1]
    assert found.of_row.tolist() == [2, 0, 0, 0, -1, 1]
    assert found.rows.tolist() == [3, 1, 1] and found.columns.tolist() == [3, 2, 1]
