"""Draws: exact expected sizes, unbiased, order-free, and what each method promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage.errors import InputError
from tasks.resampling.sampling.draw import draw
from tests.tasks.resampling.sampling.examples import long_tailed, some_ids

METHODS = ("poisson", "residual", "multinomial", "systematic")


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


def test_a_multinomial_selection_has_a_whole_number_of_rows() -> None:
    """Its expectations are the balancing's own but for the rounding of their sum, and are not said to be them."""
    inclusion = np.random.default_rng(0).uniform(size=200)
    found = draw(some_ids(200), inclusion, method="multinomial", size=None, seed=0, inclusion=inclusion)
    size = round(inclusion.sum())
    assert found.multiplicity.sum() == size == pytest.approx(found.expected.sum(), rel=1e-12)
    np.testing.assert_allclose(found.scale * inclusion, found.expected, rtol=1e-12)
    assert not found.own_inclusion


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


@pytest.mark.parametrize("method", METHODS)
def test_numbers_of_any_kind_draw_the_same(method: str) -> None:
    ids, weight = np.sort(some_ids(40))[:20], np.arange(1, 21)
    assert int(ids.max()) < 2**63
    wanted = draw(ids, weight.astype(float), method=method, size=10, seed=3).multiplicity
    for some in (ids, ids.tolist(), ids.astype(np.int64)):
        for numbers in (weight, weight.tolist(), weight.astype(np.uint8), weight.astype(np.float32)):
            found = draw(some, numbers, method=method, size=np.int64(10), seed=np.int64(3), order=list(range(20)))
            if method != "systematic":
                np.testing.assert_array_equal(found.multiplicity, wanted)
            assert found.expected.dtype == np.float64 and found.expected.sum() == pytest.approx(10, rel=1e-12)


def test_expectations_of_whole_numbers_are_drawn_as_they_are() -> None:
    for copies in ([0, 2, 1], np.array([0, 2, 1]), np.array([0, 2, 1], dtype=np.float32)):
        found = draw([1, 2, 3], [0, 2, 1], method="residual", size=None, seed=0, inclusion=copies)
        assert found.own_inclusion and found.multiplicity.tolist() == [0, 2, 1]


def test_a_narrow_size_keeps_its_digits() -> None:
    """Beside a Python float numpy keeps float32, and 0.1 copies a caption would be 1.5e-9 off."""
    found = draw(some_ids(30), np.ones(30) / 7, method="multinomial", size=np.float32(3), seed=0)
    assert found.scale == 3 / float((np.ones(30) / 7).sum())


def test_more_copies_than_a_selection_can_hold_are_refused() -> None:
    """A multiplicity has 16 bits: 65,536 copies would be written as none."""
    with pytest.raises(InputError, match="65535"):
        draw([1], [1.0], method="residual", size=65_536, seed=0, most=70_000)
    assert draw([1], [1.0], method="residual", size=65_535, seed=0).multiplicity.tolist() == [65_535]


@pytest.mark.parametrize("method", METHODS)
def test_no_weight_at_all_is_refused_in_a_sentence(method: str) -> None:
    for inclusion in (None, np.zeros(3)):
        with pytest.raises(InputError, match="no caption has a positive weight"):
            draw([1, 2, 3], np.zeros(3), method=method, size=None, seed=0, inclusion=inclusion)
    with pytest.raises(InputError, match="3 captions need one number each"):
        draw([1, 2, 3], np.ones(2), method=method, size=1, seed=0)


@pytest.mark.parametrize("ids", [[0.5, 1.0], np.array([0.0, 1.0]), ["a", "b"]])
def test_ids_that_are_no_whole_numbers_are_a_sentence(ids: Any) -> None:
    with pytest.raises(InputError, match="ids must be whole numbers"):
        draw(ids, [1.0, 1.0], method="poisson", size=1, seed=0)
