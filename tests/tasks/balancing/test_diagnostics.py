"""Distances and effective sizes: closed forms, identities, and scipy's divergence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import kl_div

from tasks.balancing.diagnostics import (
    design_effect,
    effective_sample_size,
    expected_marginal,
    keyword_sums,
    kullback_leibler,
    normalised,
    total_variation,
)
from tests.tasks.balancing.examples import dense, random_matrix

MASSES = st.lists(st.just(0.0) | st.floats(1e-9, 1e6), min_size=3, max_size=3)
KINDS = [list, np.array, lambda v: np.array(v, dtype=np.uint8), lambda v: np.array(v, dtype=np.float32)]


@given(MASSES, MASSES)
def test_total_variation_is_a_distance_of_shares(p: list[float], q: list[float]) -> None:
    found = total_variation(p, q)
    assert 0 <= found <= 1 + 1e-12 and found == total_variation(q, p)
    assert total_variation(np.multiply(p, 4), q) == pytest.approx(found, abs=1e-12)
    if sum(p) > 0 and sum(q) > 0:
        more = np.maximum(normalised(p) - normalised(q), 0).sum()
        assert found == pytest.approx(more, abs=1e-12)


@given(MASSES, MASSES)
def test_divergence_is_that_of_scipy(p: list[float], q: list[float]) -> None:
    wanted = float(kl_div(p, q).sum())
    assert kullback_leibler(p, q) == pytest.approx(wanted, rel=1e-9, abs=1e-6)
    assert kullback_leibler(p, p) == 0.0


def test_a_keyword_lost_is_infinitely_far() -> None:
    assert kullback_leibler([0.5, 0.5], [1.0, 0.0]) == np.inf
    assert kullback_leibler([1.0, 0.0], [0.5, 0.5]) == pytest.approx(np.log(2))


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=20))
def test_effective_size_lies_between_one_and_all(weight: list[float]) -> None:
    size = effective_sample_size(weight)
    assert 1 - 1e-9 <= size <= len(weight) + 1e-9
    assert effective_sample_size(np.multiply(weight, 1e200)) == pytest.approx(size)
    assert design_effect(weight) == pytest.approx(1 + np.var(weight) / np.mean(weight) ** 2)


def test_sizes_of_known_weights() -> None:
    assert effective_sample_size(np.ones(7)) == 7 and effective_sample_size([1, 0, 0]) == 1
    assert effective_sample_size([]) == effective_sample_size(np.zeros(3)) == 0
    assert design_effect(np.zeros(3)) == np.inf and design_effect([2, 2]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_any_kind(kind) -> None:
    """Whole numbers of eight bits would wrap at 256."""
    p, q = [200, 100, 100], [100, 200, 100]
    assert total_variation(kind(p), kind(q)) == 0.25
    assert kullback_leibler(kind(p), kind(q)) == pytest.approx(100 * np.log(2))
    assert effective_sample_size(kind(p)) == pytest.approx(400**2 / 60_000)
    assert normalised(kind(p)).tolist() == [0.5, 0.25, 0.25]
    assert keyword_sums([0, 0, 1], kind(p), 2).tolist() == [300, 100]


@pytest.mark.parametrize("unit", ["rows", "pairs"])
def test_the_marginal_of_a_selection_counts_all_its_keywords(unit: str) -> None:
    matrix = random_matrix(30, 6, 4, empty=True)
    weight = np.random.default_rng(0).integers(0, 4, size=30)
    share = dense(matrix) / (matrix.degrees.clip(1)[:, None] if unit == "rows" else 1)
    wanted = (weight[:, None] * share).sum(axis=0)
    for kind in (weight, weight.tolist(), weight.astype(np.uint8)):
        np.testing.assert_allclose(expected_marginal(matrix, kind, unit), wanted / wanted.sum())
    np.testing.assert_array_equal(expected_marginal(matrix, np.zeros(30), unit), np.zeros(6))
