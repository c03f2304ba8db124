"""Half steps on minibatches, against the dense reference and against the theorem where it is exact."""

import numpy as np
import pytest

from tasks.balancing.theory.simulation import balanced_samples
from tasks.studies.balance_k.half_steps import (
    Population,
    balanced_cells,
    batch_means,
    batch_weights,
    offline_means,
    variance_ratios,
)
from tasks.studies.balance_k.measure import theory


def population(pairs: int = 4000, seed: int = 0) -> Population:
    generator = np.random.default_rng(seed)
    x = generator.choice(3, pairs, p=[0.5, 0.3, 0.2])
    y = np.where(generator.random(pairs) < 0.4, x, generator.choice(3, pairs))
    rest = generator.normal(size=(pairs, 2))
    return Population(x, y, np.column_stack([2.0 * x - y, 1.0 * x * y]) + 0.3 * rest)


def test_half_steps_are_those_of_the_dense_reference() -> None:
    sample = np.random.default_rng(1).random((5, 3, 4)) + 0.05
    sample /= sample.sum(axis=(1, 2), keepdims=True)
    p_x, p_y = np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.2, 0.3, 0.4])
    found = balanced_cells(sample, p_x, p_y, 4)
    for k in range(5):
        np.testing.assert_allclose(found[k], balanced_samples(sample, p_x, p_y, k), rtol=1e-12)


def test_a_value_that_is_missing_leaves_its_mass_to_the_others() -> None:
    sample = np.array([[[0.5, 0.2], [0.1, 0.2], [0.0, 0.0]]])
    found = balanced_cells(sample, np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.5]), 2)
    np.testing.assert_allclose(found[1].sum(axis=2), [[0.4, 0.6, 0.0]])
    np.testing.assert_allclose(found[2].sum(axis=1), [[0.5, 0.5]])


def test_weights_are_those_of_the_cells_and_begin_equal() -> None:
    all_pairs = population()
    rows = np.random.default_rng(2).integers(4000, size=(6, 50))
    weights = batch_weights(all_pairs, rows, 2)
    np.testing.assert_allclose(weights[0], 1 / 50)
    np.testing.assert_allclose(weights.sum(axis=2), 1)
    x = all_pairs.x[rows[0]]
    share = np.bincount(x, weights[1, 0], minlength=3)
    np.testing.assert_allclose(share, all_pairs.marginals[0])
    means = batch_means(all_pairs, rows, 2)
    np.testing.assert_allclose(means[2, 3], weights[2, 3] @ all_pairs.h[rows[3]])


def test_measured_variances_are_the_theorems() -> None:
    """400 pairs a minibatch leave a deviation of higher order that is below the interval of 3,000 minibatches."""
    all_pairs = population()
    predicted = theory(all_pairs, 3)["loss"]
    assert predicted[2] < 0.5 * predicted[0]
    generator = np.random.default_rng(3)
    means = batch_means(all_pairs, generator.integers(4000, size=(3000, 400)), 3)[:, :, :1]
    found = variance_ratios(means, resamples=400, confidence=0.999, generator=generator)
    assert 400 * means[0].var() == pytest.approx(predicted[0], rel=0.1)
    assert found.value[0] == found.low[0] == found.high[0] == 1
    for k in (1, 2, 3):
        assert found.low[k] <= predicted[k] / predicted[0] <= found.high[k]


def test_no_effect_within_cells_is_no_reduction() -> None:
    generator = np.random.default_rng(4)
    all_pairs = population()
    noise = Population(all_pairs.x, all_pairs.y, generator.normal(size=(4000, 1)))
    predicted = theory(Population(noise.x, noise.y, np.repeat(noise.h, 2, axis=1)), 2)["loss"]
    np.testing.assert_allclose(predicted / predicted[0], 1, atol=0.01)


def test_minibatches_of_a_weighted_corpus_keep_their_own_noise() -> None:
    all_pairs = population()
    generator = np.random.default_rng(5)
    rows = generator.integers(4000, size=(400, 1000))
    whole, drawn = offline_means(all_pairs, rows, 2, batch=20, generator=generator)
    np.testing.assert_allclose(whole[0], all_pairs.h[rows].mean(axis=1))
    assert whole[2, :, 0].var() < 0.6 * whole[0, :, 0].var()
    assert drawn[2, :, 0].var() > 0.8 * drawn[0, :, 0].var()
    np.testing.assert_allclose(drawn.mean(axis=1)[2], all_pairs.h.mean(axis=0), atol=0.15)
