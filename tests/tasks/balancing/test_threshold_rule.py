"""MetaCLIP's rule: against its own loop of draws, and both ways between t, size and tail share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.threshold_rule import keyword_probability, tail_share, threshold, threshold_for_tail_share
from tests.tasks.balancing.examples import dense, random_matrix


def test_inclusion_is_that_of_the_reference_loop() -> None:
    """The published loop draws for each keyword of a caption in turn and keeps it at the first success."""
    matrix = random_matrix(40, 8, 1)
    found = threshold(matrix.indptr, matrix.indices, columns=8, t=6.0)
    probability = np.minimum(1.0, 6.0 / matrix.counts.clip(1))
    np.testing.assert_allclose(found.inclusion, 1 - np.prod(1 - dense(matrix) * probability, axis=1), rtol=1e-12)
    generator = np.random.default_rng(0)
    kept = np.zeros(40)
    for _ in range(4000):
        for i in range(40):
            kept[i] += any(generator.random() < probability[j] for j in matrix.keywords_of(i))
    error = np.sqrt(found.inclusion * (1 - found.inclusion) / 4000)
    assert (np.abs(kept / 4000 - found.inclusion) <= 4.5 * error + 1e-12).all()


def test_small_probabilities_lose_no_digits() -> None:
    matrix = incidence_of([[0]] * 1000, 1)
    found = threshold(matrix.indptr, matrix.indices, columns=1, t=1e-9)
    np.testing.assert_allclose(found.inclusion, 1e-12, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), share=st.floats(0.01, 0.99))
def test_t_is_solved_from_the_size(seed: int, share: float) -> None:
    matrix = random_matrix(60, 9, seed, empty=True)
    matched = int((matrix.degrees > 0).sum())
    found = threshold(matrix.indptr, matrix.indices, columns=9, size=share * matched)
    assert found.inclusion.sum() == pytest.approx(share * matched, rel=1e-9)
    again = threshold(matrix.indptr, matrix.indices, columns=9, t=found.threshold)
    np.testing.assert_allclose(again.inclusion, found.inclusion, rtol=1e-12)
    assert found.weight[matrix.degrees == 0].max(initial=0) == 0
    assert found.weight.sum() == pytest.approx(matched)


def test_the_whole_collection_can_be_asked_for() -> None:
    matrix = random_matrix(30, 5, 0)
    found = threshold(matrix.indptr, matrix.indices, columns=5, size=30)
    np.testing.assert_allclose(found.inclusion, 1.0)


def metaclip_threshold(counts: np.ndarray, share: float) -> float:
    """MetaCLIP v2's own way from a share to a count, from its description."""
    ascending = np.sort(counts)
    return float(ascending[np.abs(np.cumsum(ascending) / ascending.sum() - share).argmin()])


@pytest.mark.parametrize("t", (2, 5, 10, 80))
def test_the_share_of_a_threshold_leads_back_to_it_which_metaclips_rule_does_not(t: int) -> None:
    counts = np.array([1, 2, 2, 5, 10, 80])
    share = tail_share(counts, t)
    assert threshold_for_tail_share(counts, share) == t
    theirs = metaclip_threshold(counts, share)
    assert theirs < t and tail_share(counts, theirs) < share
    between = share + 1e-3  # no step: the largest count with no more than that below it, in either direction of theirs
    assert tail_share(counts, threshold_for_tail_share(counts, between)) <= between


def test_tail_share_and_back() -> None:
    counts = np.array([1, 2, 2, 5, 10, 0, 80])
    assert tail_share(counts, 5) == pytest.approx(0.05)
    assert threshold_for_tail_share(counts, 0.05) == 5
    assert threshold_for_tail_share(counts, 0.0999) == 5
    assert threshold_for_tail_share(counts, 0.1) == 10
    for t in (1, 2, 5, 10, 80):
        assert threshold_for_tail_share(counts, min(0.999, tail_share(counts, t) + 1e-9)) == t


@pytest.mark.parametrize("arguments", [{}, {"t": 1.0, "size": 2}, {"t": -1.0}, {"size": 9}, {"t": np.inf}])
def test_bad_choices_are_refused(arguments: dict) -> None:
    matrix = incidence_of([[0], [1]], 2)
    with pytest.raises(InputError):
        threshold(matrix.indptr, matrix.indices, columns=2, **arguments)


@pytest.mark.parametrize("kind", [int, np.int32, np.float32, np.float16])
def test_t_and_size_of_any_kind(kind: type) -> None:
    """Beside a Python float numpy keeps float32, in which a bisection to 1e-12 cannot end."""
    matrix = random_matrix(60, 9, 3)
    offsets, keywords = matrix.indptr.tolist(), matrix.indices.tolist()
    wanted = threshold(matrix.indptr, matrix.indices, columns=9, size=30.0)
    found = threshold(offsets, keywords, columns=9, size=kind(30))
    assert found.threshold == wanted.threshold and type(found.threshold) is float
    assert found.converged and found.residual < 1e-9 and type(found.residual) is float
    same = threshold(offsets, keywords, columns=9, t=kind(4))
    np.testing.assert_array_equal(same.inclusion, threshold(matrix.indptr, matrix.indices, columns=9, t=4.0).inclusion)


@pytest.mark.parametrize("kind", [list, lambda v: np.array(v, dtype=np.uint8)])
def test_counts_of_any_kind_have_the_same_tail(kind) -> None:
    counts = kind([1, 2, 2, 5, 10, 0, 80, 200])
    assert tail_share(counts, 80) == pytest.approx(20 / 300) and threshold_for_tail_share(counts, 0.2) == 80
    assert keyword_probability(counts, 4).tolist() == [1, 1, 1, 0.8, 0.4, 1, 0.05, 0.02]
