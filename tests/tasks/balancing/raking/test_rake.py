"""Raking against a dense loop, another library, and inputs that have no solution."""

from __future__ import annotations

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.balancing.feasibility.components import components
from tasks.balancing.feasibility.max_flow import feasibility
from tasks.balancing.feasibility.obstacles import obstacles
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tasks.balancing.raking.grouped_rows import WORTHWHILE
from tasks.balancing.raking.rake import rake
from tasks.balancing.targets import base_measure, capped
from tasks.balancing.theory.pair_measure import scaled_measure
from tests.tasks.balancing.examples import dense, dense_rake, feasible_targets, random_matrix


@settings(max_examples=40, deadline=None)
@given(
    order=st.lists(st.sampled_from("xy"), max_size=30).map(tuple),
    initial=st.sampled_from(["rows", "pairs"]),
    seed=st.integers(0, 10_000),
    given_rows=st.booleans(),
)
def test_any_mix_of_half_steps_equals_a_dense_loop(order, initial, seed, given_rows) -> None:
    matrix = random_matrix(40, 12, seed)
    rows, columns = feasible_targets(matrix, seed)
    row_target = rows if given_rows else np.full(40, 1 / 40)
    found = rake(
        matrix.indptr,
        matrix.indices,
        columns=12,
        row_target=rows if given_rows else None,
        column_target=columns,
        steps=order,
        initial=initial,
    )
    expected = dense_rake(dense(matrix), row_target, columns, order, initial)
    mass = expected.sum(axis=1)
    np.testing.assert_allclose(found.weight, mass / mass.mean(), rtol=1e-10)
    np.testing.assert_allclose(found.column_marginal, expected.sum(axis=0) / expected.sum(), rtol=1e-10, atol=1e-15)
    assert found.iterations == len(order)
    assert found.row_residual == pytest.approx(np.abs(mass - row_target).sum(), abs=1e-10)
    assert found.column_residual == pytest.approx(np.abs(expected.sum(axis=0) - columns).sum(), abs=1e-10)


def test_history_measures_every_early_half_step() -> None:
    matrix = random_matrix(50, 9, 3)
    _, columns = feasible_targets(matrix, 3)
    order = ("x", "y", "y", "x", "x", "y")
    found = rake(matrix.indptr, matrix.indices, columns=9, column_target=columns, steps=order)
    assert [step.side for step in found.history] == ["start", *order]
    for k, step in enumerate(found.history):
        measure = dense_rake(dense(matrix), np.full(50, 1 / 50), columns, order[:k], "rows")
        assert step.row_l1 == pytest.approx(np.abs(measure.sum(axis=1) - 1 / 50).sum(), abs=1e-12)
        assert step.column_l1 == pytest.approx(np.abs(measure.sum(axis=0) - columns).sum(), abs=1e-12)
        column = measure.sum(axis=0)
        held = columns > 0
        divergence = (columns[held] * np.log(columns[held] / column[held])).sum()
        assert step.column_kl == pytest.approx(divergence, abs=1e-12)


def test_a_number_of_steps_starts_with_captions() -> None:
    matrix = random_matrix(20, 6, 1)
    _, columns = feasible_targets(matrix, 1)
    two = [
        rake(matrix.indptr, matrix.indices, columns=6, column_target=columns, steps=steps).weight
        for steps in (3, ("x", "y", "x"))
    ]
    np.testing.assert_array_equal(*two)


@pytest.mark.parametrize("seed", range(3))
def test_converged_table_agrees_with_pot(seed: int) -> None:
    matrix = random_matrix(60, 15, seed)
    rows, columns = feasible_targets(matrix, seed)
    held = columns > 0
    found = rake(
        matrix.indptr,
        matrix.indices,
        columns=15,
        row_target=rows,
        column_target=columns,
        steps=20_000,
        tolerance=1e-12,
        initial="pairs",
    )
    assert found.converged and found.residual <= 1e-12
    cost = np.where(dense(matrix) > 0, 0.0, 1e6)[:, held]
    plan = ot.sinkhorn(rows, columns[held], cost, reg=1.0, stopThr=1e-13, numItermax=100_000)
    share = np.exp(found.log_scale[held])
    ours = dense(matrix)[:, held] * share
    ours *= (found.weight / found.weight.sum() / ours.sum(axis=1))[:, None]
    np.testing.assert_allclose(ours, plan, atol=1e-10)


def test_table_fitted_by_the_balance_package() -> None:
    """Cell masses computed once with `balance` 0.23.0 (`rake`, convergence 1e-12) on the same table and margins."""
    lists = [[0, 1], [1, 2], [0, 2, 3]]
    matrix = incidence_of(lists, 4)
    found = rake(
        matrix.indptr,
        matrix.indices,
        columns=4,
        row_target=np.array([0.3, 0.3, 0.4]),
        column_target=np.array([0.25, 0.25, 0.35, 0.15]),
        steps=1000,
        tolerance=1e-13,
        initial="pairs",
    )
    assert found.converged
    cells = scaled_measure(matrix.indptr, matrix.indices, found.weight, found.log_scale).mass
    theirs = [0.15639593, 0.14360407, 0.10639593, 0.19360407, 0.09360407, 0.15639593, 0.15]
    np.testing.assert_allclose(cells, theirs, atol=1e-8)


def test_the_staircase_that_others_call_converged() -> None:
    """On `[[1, 0], [1, 1]]` with margins (.5, .5), (.3, .7) ipfn 1.4.4 and `balance` 0.23.0 both report convergence,
    0.4 away from the row target; so far no method can come nearer, but we say so."""
    matrix = incidence_of([[0], [0, 1]], 2)
    target = np.array([0.3, 0.7])
    found = rake(matrix.indptr, matrix.indices, columns=2, column_target=target, steps=5000, tolerance=1e-9)
    assert not found.converged and found.residual == pytest.approx(0.4, abs=1e-6)


INFEASIBLE = {
    "staircase": ([[0], [0, 1]], {"column_target": [0.3, 0.7]}, "hold nothing but"),
    "totals": ([[0], [0, 1]], {"column_target": [1.0, 2.0], "row_target": [1.0, 1.0]}, "must be equal"),
    "zero target": ([[0, 1], [0, 1]], {"column_target": [1.0, 0.0]}, "is 0"),
    "empty keyword": ([[0], [0]], {"column_target": [0.5, 0.5]}, "no caption holds"),
    "empty caption": ([[0], []], {"column_target": [1.0], "row_target": [0.5, 0.5]}, "without any keyword"),
    "unreachable": ([[0], [0], [0, 1]], {"column_target": [0.3, 0.7]}, "carry"),
    "components": ([[0, 1], [0, 1], [2, 3]], {"column_target": [0.25, 0.25, 0.25, 0.25]}, "connected"),
}


@pytest.mark.parametrize("name", INFEASIBLE)
@pytest.mark.parametrize("tolerance", [None, 1e-9])
def test_what_cannot_be_met_is_named_and_never_called_converged(name: str, tolerance: float | None) -> None:
    lists, targets, words = INFEASIBLE[name]
    targets = {key: np.array(value) for key, value in targets.items()}
    matrix = incidence_of(lists, len(targets["column_target"]))
    found = rake(matrix.indptr, matrix.indices, columns=matrix.columns, steps=400, tolerance=tolerance, **targets)
    assert not found.converged
    assert words in found.reason
    assert found.infeasible and all(obstacle.sentence() for obstacle in found.infeasible)
    for values in (found.weight, found.column_marginal, [found.residual, found.effective_sample_size]):
        assert np.isfinite(values).all()
    assert not np.isnan(found.log_scale).any()


def test_stagnation_is_named_when_no_simple_condition_shows_why() -> None:
    # Every keyword alone is within reach, but half of the captions hold only keywords that are to get 0.4 (Hall).
    matrix = incidence_of([[0, 1], [0, 1], [0, 1], [1, 2], [2, 3], [0, 3]], 4)
    target = np.array([0.2, 0.2, 0.3, 0.3])
    found = rake(matrix.indptr, matrix.indices, columns=4, column_target=target, steps=100_000, tolerance=1e-9)
    assert not found.converged and not found.infeasible
    assert found.reason.startswith("stagnation") and found.iterations < 2000
    flow = feasibility(matrix.indptr, matrix.indices, row_target=None, column_target=target)
    assert found.residual == pytest.approx(2 * flow.deficit, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 7), max_size=5), min_size=1, max_size=12),
    target=st.lists(st.sampled_from([0.0, 1e-300, 1e-12, 1.0, 3.0, 1e12, 1e300]), min_size=8, max_size=8),
    steps=st.integers(0, 60),
    initial=st.sampled_from(["rows", "pairs"]),
)
def test_no_input_gives_nan_or_a_false_claim(rows, target, steps, initial) -> None:
    matrix = incidence_of(rows, 8)
    try:
        found = rake(
            matrix.indptr,
            matrix.indices,
            columns=8,
            column_target=np.array(target),
            steps=steps,
            initial=initial,
            tolerance=1e-9,
        )
    except InputError:
        return
    assert np.isfinite(found.weight).all() and np.isfinite(found.column_marginal).all()
    assert np.isfinite(found.residual) and not np.isnan(found.log_scale).any()
    assert not found.converged or (found.row_residual <= 1e-9 and found.column_residual <= 1e-9)


def test_extreme_scalings_survive_and_agree() -> None:
    """Targets 1e-280 apart: sums underflow in linear scale, so the careful pass must take over."""
    matrix = incidence_of([[0, 1], [1, 2], [0, 2], [0, 1, 2]], 3)
    target = np.array([1.0, 1e-200, 1e-290])
    for steps in (6, 2 * WORTHWHILE + 6):
        found = rake(matrix.indptr, matrix.indices, columns=3, column_target=target, steps=steps)
        assert np.isfinite(found.weight).all() and not np.isnan(found.log_scale).any()


@pytest.mark.parametrize("uniform", [True, False])
def test_rearranged_passes_equal_plain_ones(uniform: bool) -> None:
    matrix = random_matrix(3000, 60, 5, empty=True)
    rows = None if uniform else np.where(matrix.degrees > 0, np.random.default_rng(0).uniform(1, 2, 3000), 0.0)
    target = np.maximum(matrix.counts, 1e-3).astype(float)
    steps = 2 * WORTHWHILE
    target *= (1.0 if rows is None else rows.sum()) / target.sum()
    many = rake(
        matrix.indptr, matrix.indices, columns=60, row_target=rows, column_target=target, steps=steps, workers=2
    )
    order = ("x", "y") * (WORTHWHILE - 1)
    few = rake(matrix.indptr, matrix.indices, columns=60, row_target=rows, column_target=target, steps=order)
    step = few.history[-1].step
    assert many.history[step].column_l1 == pytest.approx(few.history[step].column_l1, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"column_target": np.array([0.5, np.nan])}, "finite"),
        ({"column_target": np.array([0.5, -0.5])}, "negative"),
        ({"column_target": np.array([0.5])}, "shape"),
        ({"column_target": np.zeros(2)}, "sums to 0"),
        ({"column_target": np.ones(2), "steps": ("z",)}, "half step"),
        ({"column_target": np.ones(2), "row_target": np.array([1.0, np.inf])}, "finite"),
    ],
)
def test_bad_targets_are_refused_in_a_sentence(bad: dict, words: str) -> None:
    matrix = incidence_of([[0], [1]], 2)
    with pytest.raises(InputError, match=words):
        rake(matrix.indptr, matrix.indices, columns=2, **{"steps": 1, **bad})


def test_no_match_at_all_is_refused() -> None:
    matrix = incidence_of([[], []], 2)
    with pytest.raises(InputError, match="no caption matches"):
        rake(matrix.indptr, matrix.indices, columns=2, column_target=np.ones(2), steps=1)


def test_two_margins_of_real_titles_are_infeasible_and_said_to_be(titles: Incidence) -> None:
    goal = capped(base_measure(titles, "rows"), 10.0)
    goal /= goal.sum()
    found = rake(
        titles.indptr, titles.indices, columns=titles.columns, column_target=goal, steps=20_000, tolerance=1e-6
    )
    assert not found.converged and found.iterations < 20_000
    assert np.isfinite(found.weight).all() and found.residual > 0.01
    kinds = {obstacle.kind for obstacle in found.infeasible}
    assert "forced" in kinds
    assert found.infeasible == obstacles(
        titles.indptr, titles.indices, row_target=np.array([1 / titles.rows]), column_target=goal
    )
    assert components(titles.indptr, titles.indices, titles.columns).rows[0] > 0.8 * titles.rows


@pytest.mark.parametrize("tolerance", [np.float64(1e-3), np.float32(1e-3), 1])
def test_a_result_is_made_of_plain_numbers(tolerance: float) -> None:
    """With a tolerance of numpy's, `converged` was numpy's too, which is no JSON and not `True`."""
    matrix = random_matrix(40, 6, 3)
    offsets, keywords, counts = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.counts
    found = rake(offsets, keywords, columns=np.int64(6), column_target=counts, steps=np.int32(9), tolerance=tolerance)
    assert type(found.converged) is bool and type(found.iterations) is int and type(found.residual) is float
    wanted = rake(
        matrix.indptr,
        matrix.indices,
        columns=6,
        row_target=np.ones(40) / 40,
        column_target=counts / counts.sum(),
        steps=9,
        tolerance=float(tolerance),
    )
    same = rake(
        offsets, keywords, columns=6, row_target=[1] * 40, column_target=counts * 40 / counts.sum(), steps=9,
        tolerance=float(tolerance),
    )  # fmt: skip
    for one in (found, same):
        np.testing.assert_allclose(one.weight, wanted.weight, rtol=1e-12)
        assert one.iterations == wanted.iterations
