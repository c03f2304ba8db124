"""Obstacles that one pass over the matrix finds, in words."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.balancing.feasibility.obstacles import MOST, obstacles, shard_obstacles
from tasks.balancing.matrix.incidence import incidence_of
from tests.tasks.balancing.examples import feasible_targets, random_matrix


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


KINDS = {
    "totals": ([[0], [1]], [0.5, 0.5], [1.0, 2.0]),
    "empty caption": ([[0], []], [0.5, 0.5], [1.0]),
    "empty keyword": ([[0]], [1.0], [0.5, 0.5]),
    "zero target": ([[0, 1]], [1.0], [1.0, 0.0]),
    "forced": ([[0], [0, 1]], [0.5, 0.5], [0.3, 0.7]),
    "unreachable": ([[0], [0, 1]], [0.5, 0.5], [0.3, 0.7]),
    "component": ([[0, 1], [2, 3]], [0.5, 0.5], [0.2, 0.2, 0.3, 0.3]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_condition_is_found(kind: str) -> None:
    lists, rows, columns = KINDS[kind]
    matrix = incidence_of(lists, len(columns))
    for to_array in (np.array, list):  # as arrays and as plain lists
        found = obstacles(
            matrix.indptr.tolist(), matrix.indices.tolist(), row_target=to_array(rows), column_target=to_array(columns)
        )
        assert kind in {obstacle.kind for obstacle in found}


def test_whole_numbers_are_masses() -> None:
    matrix = incidence_of([[0], [0, 1]], 2)
    found = obstacles(matrix.indptr, matrix.indices, row_target=[1, 1], column_target=np.array([1, 1]))
    assert found == ()
    found = obstacles(matrix.indptr, matrix.indices, row_target=np.array([2, 2]), column_target=[1, 3])
    assert [(obstacle.kind, obstacle.columns) for obstacle in found] == [("forced", (0,)), ("unreachable", (1,))]


def test_what_can_be_met_has_none() -> None:
    matrix = random_matrix(80, 20, 4)
    rows, columns = feasible_targets(matrix)
    assert obstacles(matrix.indptr, matrix.indices, row_target=rows, column_target=columns) == ()


def test_a_list_of_obstacles_ends() -> None:
    columns = MOST + 50
    matrix = incidence_of([[0]], columns)
    found = obstacles(matrix.indptr, matrix.indices, row_target=[1.0], column_target=np.full(columns, 1 / columns))
    assert sum(obstacle.kind == "empty keyword" for obstacle in found) == MOST
