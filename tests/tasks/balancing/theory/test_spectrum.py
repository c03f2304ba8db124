"""Second singular values: closed forms, components, and the rate that raking really shows."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.theory.pair_measure import PairMeasure, scaled_measure, start_measure
from tasks.balancing.theory.simulation import dense_measure, dependent_joint, long_tail
from tasks.balancing.theory.spectrum import observed_rate, spectrum
from tests.tasks.balancing.examples import feasible_targets, random_matrix


@pytest.mark.parametrize("s", [0.0, 0.3, 0.9])
def test_every_singular_value_of_the_construction_is_s(s: float) -> None:
    found = spectrum(dense_measure(dependent_joint(long_tail(7), s)))
    assert found.components == 1
    assert found.second[0] == pytest.approx(s, abs=1e-7)
    assert found.predicted_rate == pytest.approx(s * s, abs=1e-7)


@pytest.mark.parametrize("columns", [30, 90])
def test_against_a_dense_decomposition(columns: int) -> None:
    """30 keywords take the dense way, 90 the Lanczos way."""
    matrix = random_matrix(400, columns, 3, tail=0.3)
    measure = start_measure(matrix.indptr, matrix.indices, columns)
    found = spectrum(measure)
    table = np.zeros((400, columns))
    table[measure.rows, measure.columns] = measure.mass
    table = table[:, table.sum(axis=0) > 0]
    scaled = table / np.sqrt(np.outer(table.sum(axis=1), table.sum(axis=0)))
    values = np.linalg.svd(scaled, compute_uv=False)
    assert found.components == 1
    assert found.second[0] == pytest.approx(values[1], abs=1e-6)


def test_components_come_first() -> None:
    matrix = incidence_of([[0, 1], [0, 1], [0], [2], [2]], 3)
    found = spectrum(start_measure(matrix.indptr, matrix.indices, 3))
    assert found.components == 2
    assert found.second[1] == 0.0 and 0 < found.second[0] < 1
    assert found.keywords.tolist() == [2, 1]
    np.testing.assert_allclose(found.mass.sum(), 1.0)


def test_predicted_rate_is_the_observed_one() -> None:
    matrix = random_matrix(60, 12, 8)
    rows, columns = feasible_targets(matrix, 8)
    found = rake(
        matrix.indptr,
        matrix.indices,
        columns=12,
        row_target=rows,
        column_target=columns,
        steps=4000,
        tolerance=1e-12,
    )
    assert found.converged
    limit = scaled_measure(matrix.indptr, matrix.indices, found.weight, found.log_scale)
    assert observed_rate(found.history) == pytest.approx(spectrum(limit).predicted_rate, rel=0.02)


def test_matches_without_mass_do_not_connect() -> None:
    measure = PairMeasure(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0.5, 0.0, 0.5]), 2, 2)
    assert spectrum(measure).components == 2
