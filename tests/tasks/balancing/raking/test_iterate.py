"""The iteration itself: what it records, when it ends, and how it says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.raking.blocks import blocks_of
from tasks.balancing.raking.iterate import KEPT_POTENTIALS, Problem, iterate
from tasks.balancing.raking.row_passes import Rows
from tasks.balancing.raking.stopping import recorded
from tasks.balancing.result import Blocking
from tests.tasks.balancing.examples import random_matrix

BLOCK = Blocking("zero target", (0,), 1.0, 0.0)


def problem(matrix: Incidence, target: np.ndarray, tolerance: float | None = None) -> Problem:
    masses = np.array([1 / matrix.rows])
    rows = Rows(blocks_of(matrix.indptr, matrix.indices, masses), matrix.columns, "rows", float(masses[0]), mapped(1))
    return Problem(rows, target, matrix.rows, (), tolerance)


def case(tolerance: float | None = None) -> Problem:
    """Targets that many half steps meet: the margin after raking with other row weights."""
    matrix = random_matrix(60, 8, 11)
    return problem(matrix, 0.5 * matrix.counts / matrix.counts.sum() + 0.5 * start_of(matrix), tolerance)


def start_of(matrix: Incidence) -> np.ndarray:
    return np.bincount(matrix.indices, np.repeat(1 / matrix.degrees, matrix.degrees), minlength=matrix.columns) / (
        matrix.rows
    )


def test_no_steps_leave_the_start() -> None:
    matrix = random_matrix(60, 8, 11)
    found = iterate(problem(matrix, start_of(matrix)), ())
    np.testing.assert_allclose(found.weight, 1.0, rtol=1e-12)
    np.testing.assert_allclose(found.column_marginal, start_of(matrix), rtol=1e-12)
    assert found.converged and found.iterations == 0 and [step.side for step in found.history] == ["start"]
    assert found.effective_sample_size == pytest.approx(60) and found.design_effect == pytest.approx(1)


def test_it_ends_at_the_first_step_that_meets_the_tolerance() -> None:
    order = ("x", "y") * 500
    found = iterate(case(1e-6), order)
    assert found.converged and found.residual <= 1e-6 and found.reason.startswith("both margins lie within 1e-06")
    assert found.iterations < 1000
    sooner = iterate(case(), order[: found.iterations - 2])
    assert sooner.residual > 1e-6 and f"stopped after the {found.iterations - 2} half steps" in sooner.reason
    assert "one half step" in iterate(case(), ("y",)).reason


def test_history_and_potentials_are_those_of_the_recorded_steps() -> None:
    found = iterate(case(), ("x", "y") * 40)
    assert [step.step for step in found.history] == list(range(81))
    for step in found.history[1:]:
        assert (step.column_kl is not None) == (recorded(step.step) or step.step == 80)
    assert found.potential_steps == tuple(range(KEPT_POTENTIALS))
    assert found.potentials.shape == (KEPT_POTENTIALS, 8) and not found.potentials[0].any()
    errors = [step.column_l1 for step in found.history if step.side == "x"]
    assert (np.diff(errors) <= 1e-12).all()  # raking never moves away


def test_obstacles_forbid_convergence() -> None:
    met = iterate(replace(case(1e-6), obstacles=(BLOCK,)), ("x", "y") * 500)
    assert not met.converged and met.residual <= 1e-6
    assert met.reason == f"the margins are met only in the limit of a degenerate scaling: {BLOCK.sentence()}"
    missed = iterate(replace(case(), obstacles=(BLOCK,)), ("y",))
    assert missed.reason == f"the targets cannot both be met: {BLOCK.sentence()}" and missed.infeasible == (BLOCK,)


def test_sums_do_not_need_the_weights() -> None:
    whole = iterate(case(), ("y", "x", "y"))
    lean = iterate(replace(case(), keep_weights=False), ("y", "x", "y"))
    assert len(lean.weight) == 0 and len(whole.weight) == 60
    assert (lean.effective_sample_size, lean.average, lean.residual) == (
        whole.effective_sample_size,
        whole.average,
        whole.residual,
    )
    assert whole.weight.mean() == pytest.approx(1)
