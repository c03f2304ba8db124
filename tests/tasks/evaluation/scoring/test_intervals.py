"""Intervals against closed forms, an independent bootstrap and their own promise of coverage."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tasks.evaluation.scoring.intervals import (
    Bootstrap,
    mean_recall_interval,
    ratio_interval,
    seed_interval,
    share_interval,
    stratified_mean_interval,
)

MANY = Bootstrap(resamples=40_000, seed=1)


def test_share_interval_is_the_binomial_quantile() -> None:
    interval = share_interval(70, 100, MANY)
    low, high = stats.binom.ppf([0.025, 0.975], 100, 0.7) / 100
    assert interval.low == pytest.approx(low, abs=0.011)
    assert interval.high == pytest.approx(high, abs=0.011)
    assert (interval.over, interval.units) == ("images", 100)


def test_share_interval_is_the_bootstrap_of_indices() -> None:
    outcomes = np.zeros(60)
    outcomes[:21] = 1
    theirs = stats.bootstrap(
        (outcomes,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    ours = share_interval(21, 60, MANY)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1 / 60 + 1e-9)


def test_mean_recall_interval_has_the_stratified_variance() -> None:
    correct, images = np.array([90, 10, 30]), np.array([100, 40, 60])
    interval = mean_recall_interval(correct, images, MANY)
    recall = correct / images
    deviation = np.sqrt(np.sum(recall * (1 - recall) / images)) / 3
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * deviation, rel=0.03)
    assert (interval.high + interval.low) / 2 == pytest.approx(recall.mean(), abs=0.005)


def test_ratio_interval_reduces_to_a_share() -> None:
    hits = np.repeat([1.0, 0.0], [30, 20])
    ratio = ratio_interval(hits, np.ones(50), MANY)
    share = share_interval(30, 50, MANY)
    assert (ratio.low, ratio.high) == pytest.approx((share.low, share.high), abs=0.021)


def test_paired_interval_of_equal_models_is_zero() -> None:
    interval = stratified_mean_interval(np.zeros(50), np.repeat([0, 1], 25))
    assert (interval.low, interval.high) == (0.0, 0.0)


def test_paired_interval_has_the_stratified_variance() -> None:
    generator = np.random.default_rng(4)
    strata = np.repeat([0, 1, 7], [50, 100, 30])
    values = generator.choice([-1.0, 0.0, 1.0], size=180, p=[0.1, 0.5, 0.4])
    interval = stratified_mean_interval(values, strata, MANY)
    parts = [values[strata == stratum] for stratum in (0, 1, 7)]
    deviation = np.sqrt(sum(part.var() / len(part) for part in parts)) / 3
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * deviation, rel=0.04)


def test_seed_interval_is_the_one_sample_t_interval() -> None:
    values = np.array([0.61, 0.58, 0.66])
    interval = seed_interval(values)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high))
    assert interval.units == 3


def test_one_seed_has_no_interval() -> None:
    assert seed_interval(np.array([0.5])) is None
    assert seed_interval(np.array([])) is None


def test_coverage_of_the_seed_interval() -> None:
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(600):
        interval = seed_interval(generator.normal(2.0, 0.3, size=4))
        assert interval is not None
        covered += not interval.excludes(2.0)
    assert covered / 600 == pytest.approx(0.95, abs=0.03)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.floats(0, 1), st.integers(0, 9))
def test_share_interval_is_reproducible_and_contains_the_share(images: int, share: float, seed: int) -> None:
    correct = round(share * images)
    bootstrap = Bootstrap(resamples=400, seed=seed)
    interval = share_interval(correct, images, bootstrap)
    assert interval == share_interval(correct, images, bootstrap)
    assert 0 <= interval.low <= correct / images + 1e-12
    assert correct / images - 1e-12 <= interval.high <= 1


def test_blocks_do_not_change_the_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    correct, images = np.array([5, 8]), np.array([10, 10])
    whole = mean_recall_interval(correct, images, MANY)
    monkeypatch.setattr("tasks.evaluation.scoring.intervals.BLOCK", 1000)
    assert mean_recall_interval(correct, images, MANY) == whole


def test_an_interval_of_a_share_stays_between_nothing_and_all() -> None:
    interval = seed_interval(np.array([0.999, 1.0, 0.961]))
    assert interval is not None and interval.high > 1
    assert interval.within(0.0, 1.0) == replace(interval, high=1.0)
