"""Draws: exact expected sizes, unbiased, order-free, and what each method promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from storage.tables.ids import row_ids
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.scale import scale_for_size
from tasks.resampling.sampling.subset import subset

METHODS = ("poisson", "residual", "multinomial", "systematic")


def some_ids(n: int) -> np.ndarray:
    return row_ids("sampling", [str(i) for i in range(n)])


def long_tailed(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).pareto(1.2, size=n) + 0.01


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    share=st.floats(0.001, 1.0),
    most=st.sampled_from([1.0, 3.0]),
)
def test_scale_meets_the_size_exactly(weights: list[float], share: float, most: float) -> None:
    weight = np.array(weights)
    positive = int((weight > 1e-290).sum())
    weight[weight <= 1e-290] = 0
    if positive == 0:
        with pytest.raises(InputError):
            scale_for_size(weight, 1, most)
        return
    size = share * most * positive
    scale = scale_for_size(weight, size, most)
    assert np.minimum(most, scale * weight).sum() == pytest.approx(size, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_expected_copies_are_proportional_and_unbiased(method: str) -> None:
    ids, weight = some_ids(60), long_tailed(60)
    total = np.zeros(60)
    runs = 3000
    for seed in range(runs):
        found = draw(ids, weight, method=method, size=30, seed=seed)
        total += found.multiplicity
    assert found.expected.sum() == pytest.approx(30)
    if method != "poisson":
        np.testing.assert_allclose(found.expected / weight, found.scale, rtol=1e-9)
    spread = np.sqrt(np.maximum(found.expected, 1e-3) / runs)
    assert (np.abs(total / runs - found.expected) <= 5 * spread).all()


@pytest.mark.parametrize("method", METHODS)
def test_draws_follow_the_id_not_the_order(method: str) -> None:
    ids, weight = some_ids(500), long_tailed(500, 1)
    order = np.random.default_rng(0).permutation(500)
    first = draw(ids, weight, method=method, size=200, seed=4)
    second = draw(ids[order], weight[order], method=method, size=200, seed=4)
    if method in ("poisson", "residual"):
        np.testing.assert_array_equal(first.multiplicity[order], second.multiplicity)
    else:  # running sums over sorted ids differ in the last bit at most
        assert (first.multiplicity[order] != second.multiplicity).mean() < 0.01


@pytest.mark.parametrize("method", METHODS)
def test_seed_changes_the_draw_and_repeats_it(method: str) -> None:
    ids, weight = some_ids(400), long_tailed(400)
    one, again, other = (draw(ids, weight, method=method, size=150, seed=s).multiplicity for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_what_each_method_promises() -> None:
    ids, weight = some_ids(1000), long_tailed(1000, 2)
    poisson = draw(ids, weight, method="poisson", size=300, seed=0)
    assert poisson.multiplicity.max() <= 1
    residual = draw(ids, weight, method="residual", size=300, seed=0)
    assert (np.abs(residual.multiplicity - residual.expected) < 1).all()
    multinomial = draw(ids, weight, method="multinomial", size=300, seed=0)
    assert multinomial.multiplicity.sum() == 300
    systematic = draw(ids, weight, method="systematic", size=300, seed=0)
    assert abs(int(systematic.multiplicity.sum()) - 300) <= 1
    assert (np.abs(systematic.multiplicity - systematic.expected) < 1).all()


def test_systematic_keeps_every_stretch_near_its_expectation() -> None:
    ids, weight = some_ids(5000), long_tailed(5000, 3)
    order = np.argsort(weight)
    found = draw(ids, weight, method="systematic", size=1500, seed=0, order=order)
    gap = np.cumsum(found.multiplicity[order].astype(float) - found.expected[order])
    assert np.abs(gap).max() <= 1.0 + 1e-9


def test_own_inclusion_is_used_as_it_is_without_a_size() -> None:
    ids = some_ids(200)
    inclusion = np.random.default_rng(0).uniform(size=200)
    found = draw(ids, inclusion * 3, method="residual", size=None, seed=0, inclusion=inclusion)
    np.testing.assert_array_equal(found.expected, inclusion)
    assert found.own_inclusion
    sized = draw(ids, inclusion * 3, method="residual", size=50, seed=0, inclusion=inclusion)
    assert sized.expected.sum() == pytest.approx(50) and not sized.own_inclusion


def test_without_size_or_inclusion_as_many_rows_as_captions() -> None:
    found = draw(some_ids(300), long_tailed(300), method="residual", size=None, seed=0)
    assert found.expected.sum() == pytest.approx(300)
    weight = long_tailed(300) / long_tailed(300).mean()
    once = draw(some_ids(300), weight, method="poisson", size=None, seed=0)
    np.testing.assert_allclose(once.expected, np.minimum(1.0, weight))


def test_sizes_out_of_reach_are_refused() -> None:
    ids = some_ids(10)
    with pytest.raises(InputError, match="between 1 and 10"):
        draw(ids, np.ones(10), method="poisson", size=11, seed=0)
    with pytest.raises(InputError, match="negative"):
        draw(ids, -np.ones(10), method="residual", size=1, seed=0)
    with pytest.raises(InputError, match="most_copies"):
        draw(ids, np.eye(10)[0] + 1e-9, method="multinomial", size=50, seed=0, most=20)
    with pytest.raises(InputError, match="cannot be drawn"):
        subset(ids, 11, seed=0)


def test_subset_is_exact_and_free_of_order() -> None:
    ids = some_ids(1000)
    order = np.random.default_rng(1).permutation(1000)
    first, second = subset(ids, 137, seed=2), subset(ids[order], 137, seed=2)
    assert len(first) == 137
    assert set(ids[first].tolist()) == set(ids[order][second].tolist())
