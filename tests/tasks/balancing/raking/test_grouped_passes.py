"""Passes over the rearranged matrix, beside those over the plain one."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.raking.blocks import blocks_of
from tasks.balancing.raking.grouped_passes import (
    distance_kernel,
    group_kernel,
    grouped_log_sums,
    grouped_row_distance,
)
from tasks.balancing.raking.grouped_rows import group_rows
from tasks.balancing.raking.row_passes import Rows
from tests.tasks.balancing.examples import random_matrix
from tests.tasks.balancing.raking.test_grouped_rows import long_rows

COLUMNS = 20
MATRIX = long_rows(random_matrix(500, COLUMNS, 8, empty=True), COLUMNS)


def plain(target: np.ndarray) -> Rows:
    return Rows(blocks_of(MATRIX.indptr, MATRIX.indices, target), COLUMNS, "rows", 1 / 500, mapped(1))


@pytest.mark.parametrize("spread", [0.0, 5.0, 1500.0])
@pytest.mark.parametrize("uniform", [True, False])
def test_sums_are_those_of_the_plain_pass(spread: float, uniform: bool) -> None:
    target = np.array([1 / 500]) if uniform else np.where(MATRIX.degrees > 0, np.linspace(1, 2, 500), 0.0) / 500
    grouped = group_rows(MATRIX.indptr, MATRIX.indices, target, COLUMNS)
    potential = np.random.default_rng(2).uniform(-1, 1, COLUMNS) * spread
    for workers in (1, 3):
        logs, stranded = grouped_log_sums(grouped, potential, mapped(workers))
        wanted, lost = plain(target).log_scale_sums(potential)
        np.testing.assert_allclose(logs, wanted, rtol=1e-10, atol=1e-10)
        assert stranded == lost == 0.0


def test_keywords_shut_out_strand_the_same_mass() -> None:
    target = np.array([1 / 500])
    grouped = group_rows(MATRIX.indptr, MATRIX.indices, target, COLUMNS)
    potential = np.zeros(COLUMNS)
    potential[:3] = -np.inf
    logs, stranded = grouped_log_sums(grouped, potential, mapped(1))
    wanted, lost = plain(target).log_scale_sums(potential)
    np.testing.assert_allclose(logs[3:], wanted[3:], rtol=1e-10)
    assert stranded == pytest.approx(lost, rel=1e-12) and lost > 0


@pytest.mark.parametrize("change", [1e-9, 0.1, 3.0])
def test_distances_are_those_of_the_plain_pass(change: float) -> None:
    target = np.array([1 / 500])
    grouped = group_rows(MATRIX.indptr, MATRIX.indices, target, COLUMNS)
    generator = np.random.default_rng(3)
    reference = generator.normal(size=COLUMNS)
    current = reference + change * generator.normal(size=COLUMNS)
    l1, kl = grouped_row_distance(grouped, reference, current, mapped(2))
    wanted_l1, wanted_kl = plain(target).row_distance(reference, current)
    assert l1 == pytest.approx(wanted_l1, rel=1e-6) and kl == pytest.approx(wanted_kl, rel=1e-6, abs=1e-15)


def test_what_linear_scale_cannot_say_is_left_to_the_plain_pass() -> None:
    grouped = group_rows(MATRIX.indptr, MATRIX.indices, np.array([1 / 500]), COLUMNS)
    flat, steep = np.zeros(COLUMNS), np.linspace(-1000, 0, COLUMNS)
    for reference, current in ((flat, flat + 300), (flat, np.full(COLUMNS, -np.inf)), (steep, flat)):
        assert grouped_row_distance(grouped, reference, current, mapped(1)) is None
    assert grouped_row_distance(grouped, flat, flat, mapped(1)) == (0.0, 0.0)


def test_one_kernel_a_length() -> None:
    assert group_kernel(3) is group_kernel(3) is not group_kernel(4)
    assert distance_kernel(2) is distance_kernel(2)
