"""The four ways of drawing, each against its own definition."""

from __future__ import annotations

import numpy as np
import pytest

from storage.draws import uniform
from storage.errors import InputError
from tasks.resampling.sampling.methods import multinomial, poisson, residual, systematic
from tests.tasks.resampling.sampling.examples import some_ids


def test_certain_copies_need_no_luck() -> None:
    ids, certain = some_ids(5), np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    for seed in range(5):
        np.testing.assert_array_equal(poisson(ids, certain, seed=seed), certain)
        np.testing.assert_array_equal(residual(ids, 3 * certain, seed=seed), 3 * certain)
        np.testing.assert_array_equal(systematic(2 * certain, np.arange(5)[::-1], seed=seed), 2 * certain)


def test_poisson_and_residual_agree_below_one() -> None:
    """Same law, draws of their own: the share kept is the expectation."""
    ids, expected = some_ids(20_000), np.full(20_000, 0.3)
    kept = [method(ids, expected, seed=0) for method in (poisson, residual)]
    for drawn in kept:
        assert abs(drawn.mean() - 0.3) < 4.5 * np.sqrt(0.21 / 20_000)
    assert abs(np.corrcoef(*kept)[0, 1]) < 0.04


def test_multinomial_is_a_walk_along_the_shares() -> None:
    ids, share = some_ids(7), np.array([0.1, 0.0, 0.2, 0.3, 0.05, 0.25, 0.1])
    order = np.argsort(ids)
    wanted = np.zeros(7, dtype=int)
    for u in uniform(np.arange(50, dtype=np.uint64), seed=9, purpose="multinomial"):
        reached = 0.0
        for i in order:
            reached += share[i]
            if u < reached:
                wanted[i] += 1
                break
    np.testing.assert_array_equal(multinomial(ids, share, 50, seed=9, most=50), wanted)
    np.testing.assert_array_equal(multinomial(ids, 8 * share, 50, seed=9, most=50), wanted)
    with pytest.raises(InputError, match=f"drawn {wanted.max()} times"):
        multinomial(ids, share, 50, seed=9, most=int(wanted.max()) - 1)


def test_systematic_counts_whole_steps() -> None:
    expected, order = np.array([0.4, 1.7, 0.2, 0.9, 0.8]), np.array([3, 0, 4, 1, 2])
    start = uniform(np.zeros(1, dtype=np.uint64), seed=2, purpose="systematic")[0]
    wanted, reached = np.zeros(5), start
    for i in order:
        wanted[i] = np.floor(reached + expected[i]) - np.floor(reached)
        reached += expected[i]
    np.testing.assert_array_equal(systematic(expected, order, seed=2), wanted)
    assert abs(int(wanted.sum()) - 4) <= 1
