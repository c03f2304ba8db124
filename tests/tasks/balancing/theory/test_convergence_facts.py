"""What is said of a matrix in the manifest: true where both margins can be met, and where they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import ArpackNoConvergence

from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.theory import convergence_facts
from tasks.balancing.theory.convergence_facts import survey
from tasks.balancing.theory.spectrum import observed_rate
from tests.tasks.balancing.examples import random_matrix

WORDS = [f"word{j}" for j in range(12)]


def test_a_predicted_rate_is_the_one_that_raking_shows() -> None:
    matrix = random_matrix(200, 6, 2, tail=0.5)
    start = np.bincount(matrix.indices, np.repeat(1 / matrix.degrees, matrix.degrees), minlength=6) / 200
    goal = 0.9 * start + 0.1 * matrix.counts / matrix.counts.sum()
    found = rake(matrix.indptr, matrix.indices, columns=6, column_target=goal, steps=2000, tolerance=1e-12)
    facts = survey(matrix, lambda _: found.weight, found.log_scale, goal, WORDS)
    assert found.converged and facts.components == 1 and facts.largest_component == 1.0
    assert facts.margin_deficit < 1e-6 and facts.blocking is None
    assert facts.predicted_rate == pytest.approx(facts.second_singular_value**2)
    assert facts.predicted_rate == pytest.approx(observed_rate(found.history), rel=0.05)


def test_what_blocks_is_named() -> None:
    matrix = incidence_of([[0], [0], [0, 1], [2, 3]], 4)
    goal = np.array([0.25, 0.25, 0.25, 0.25])
    found = rake(matrix.indptr, matrix.indices, columns=4, column_target=goal, steps=10)
    facts = survey(matrix, lambda _: found.weight, found.log_scale, goal, WORDS)
    assert facts.components == 2 and facts.largest_component == 0.75
    assert facts.margin_deficit == pytest.approx(0.25, abs=1e-6) and "“word0”" in facts.blocking


def test_more_than_a_pass_is_made_of_small_matrices_only(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = random_matrix(50, 5, 0)
    found = rake(matrix.indptr, matrix.indices, columns=5, column_target=np.ones(5), steps=("y",))
    monkeypatch.setattr(convergence_facts, "MOST_MATCHES", len(matrix.indices) - 1)
    facts = survey(matrix, lambda _: found.weight, found.log_scale, np.full(5, 0.2), WORDS)
    assert facts.components is not None and facts.margin_deficit is None and facts.second_singular_value is None


def test_a_spectrum_that_does_not_converge_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ArpackNoConvergence("no convergence", np.zeros(0), np.zeros((0, 0)))

    matrix = random_matrix(50, 5, 0)
    found = rake(matrix.indptr, matrix.indices, columns=5, column_target=np.ones(5), steps=("y",))
    monkeypatch.setattr(convergence_facts, "spectrum", fail)
    facts = survey(matrix, lambda _: found.weight, found.log_scale, np.full(5, 0.2), WORDS)
    assert facts.margin_deficit is not None and facts.predicted_rate is None
