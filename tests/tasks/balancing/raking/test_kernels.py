"""Each kernel against its formula on a dense table, with potentials that overflow a plain exponential."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.raking import kernels
from tests.tasks.balancing.examples import dense, random_matrix

SPREADS = [0.0, 3.0, 2000.0]


def potentials(columns: int, spread: float) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, size=columns) * spread


def logs_of(matrix, potential: np.ndarray) -> np.ndarray:
    """`log Σ_j K_ij e^{b_j}` `[n]`."""
    with np.errstate(divide="ignore"):
        return logsumexp(np.where(dense(matrix) > 0, potential, -np.inf), axis=1)


@pytest.mark.parametrize("spread", SPREADS)
def test_log_sums_are_those_of_scipy(spread: float) -> None:
    matrix = random_matrix(50, 12, 3, empty=True)
    potential = potentials(12, spread)
    potential[2] = -np.inf
    out, shift = np.empty(50), potential.max()
    kernels.log_sums(matrix.indptr, matrix.indices, potential, np.exp(potential - shift), shift, out)
    np.testing.assert_allclose(out, logs_of(matrix, potential), rtol=1e-12)
    assert (out[matrix.degrees == 0] == -np.inf).all()


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize("spread", SPREADS)
def test_scale_sums_carry_the_whole_target(spread: float, uniform: bool) -> None:
    """Pair masses `P_X(i) e^{b_j} / Σ_k e^{b_k}` summed over each keyword, whichever way a row was computed."""
    matrix = random_matrix(50, 12, 3, empty=True)
    potential = potentials(12, spread)
    target = np.full(1, 0.02) if uniform else np.random.default_rng(0).uniform(size=50)
    table, apart = np.zeros((12, 2)), np.zeros(12)
    shift = potential.max()
    table[:, 0] = np.exp(potential - shift)
    stranded = kernels.scale_sums(matrix.indptr, matrix.indices, target, potential, table, apart)
    with np.errstate(invalid="ignore", over="ignore"):
        shares = np.where(dense(matrix) > 0, np.exp(potential - logs_of(matrix, potential)[:, None]), 0.0)
    expected = (np.broadcast_to(target, 50)[:, None] * shares).sum(axis=0)
    np.testing.assert_allclose(table[:, 1] * table[:, 0] + apart, expected, rtol=1e-9, atol=1e-14)
    assert stranded == 0.0 and bool(apart.any()) == (spread > 1000)


def test_mass_that_no_keyword_can_carry_is_stranded() -> None:
    matrix = incidence_of([[0], [0, 1], [1], []], 2)
    potential = np.array([-np.inf, 0.0])
    table = np.array([[0.0, 0.0], [1.0, 0.0]])
    apart = np.zeros(2)
    target = np.array([0.25, 0.5, 0.125, 0.125])
    assert kernels.scale_sums(matrix.indptr, matrix.indices, target, potential, table, apart) == 0.25
    assert table[:, 1].tolist() == [0.5, 0.625] and not apart.any()


@pytest.mark.parametrize("split", [True, False])
def test_the_start_splits_captions_or_counts_matches(split: bool) -> None:
    matrix = random_matrix(30, 7, 5, empty=True)
    sums = np.ones(7)
    kernels.start_sums(matrix.indptr, matrix.indices, split, 0.5, sums)
    share = dense(matrix) / (matrix.degrees.clip(1)[:, None] if split else 1)
    np.testing.assert_allclose(sums, 1 + 0.5 * share.sum(axis=0))


def test_kept_probability_is_one_minus_the_product() -> None:
    matrix = random_matrix(30, 7, 5, empty=True)
    p = np.array([0.0, 1e-12, 0.3, 0.5, 0.9, 1.0, 0.2])
    out = np.empty(30)
    with np.errstate(divide="ignore"):
        kernels.kept_probability(matrix.indptr, matrix.indices, np.log1p(-p), out)
    np.testing.assert_allclose(out, 1 - np.prod(1 - p * dense(matrix), axis=1), rtol=1e-12, atol=1e-15)


def test_a_fitted_keyword_has_its_target() -> None:
    log_target, sums = np.log([0.2, 0.8, 1.0]), np.array([0.5, -3.0, -np.inf])
    found = kernels.fitted_potential(log_target, sums, np.array([9.0, 9.0, 9.0]))
    np.testing.assert_allclose(np.exp(found + sums)[:2], [0.2, 0.8])
    assert found[2] == 9.0  # no mass arrives: it stays as it is


def test_scattering_and_opening() -> None:
    rank, a, b = np.array([2, 0, 1]), np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    out_a, out_b = np.zeros(3), np.zeros(3)
    kernels.scatter_two(rank, a, b, out_a, out_b)
    assert out_a[rank].tolist() == a.tolist() and out_b[rank].tolist() == b.tolist()
    table, apart = np.full((3, 2), 7.0), np.full(3, 7.0)
    kernels.open_table(a, table, apart)
    assert table.tolist() == [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]] and not apart.any()
