"""What a selection holds is counted; the fault of the reference code is caught by this test."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.balancing.diagnostics import expected_marginal, total_variation
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.targets import base_measure, capped
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.keyword_order import keyword_order
from tasks.resampling.selection.realised import realise
from tests.tasks.resampling.sampling.examples import long_tailed_matrix
from tests.tasks.resampling.selection.examples import tally_of


@pytest.mark.parametrize("method", ["poisson", "residual", "multinomial", "systematic"])
def test_realised_marginal_converges_to_the_expected_one(method: str) -> None:
    """The reference code draws positions in a list of unique titles and uses them as rows of another table, so its
    selection is close to random rows. Here every drawn row holds a keyword, and the distance falls like 1/√n."""
    distances = []
    for rows in (1_000, 16_000):
        matrix, _ = long_tailed_matrix(rows)
        target = capped(base_measure(matrix, "pairs"), rows / 60)
        balance = rake(
            matrix.indptr,
            matrix.indices,
            columns=40,
            column_target=target,
            steps=("y",),
            initial="pairs",
        )
        order = keyword_order(matrix, seed=0)
        found = [
            draw(matrix.ids, balance.weight, method=method, size=rows // 4, seed=seed, order=order) for seed in range(3)
        ]
        assert all((matrix.degrees[chosen.multiplicity > 0] > 0).all() for chosen in found)
        expected = expected_marginal(matrix, found[0].expected)
        realised = [realise(tally_of(matrix, chosen.multiplicity), target, "pairs") for chosen in found]
        distances.append(np.mean([total_variation(one.marginal, expected) for one in realised]))
        shuffled = np.random.default_rng(0).permutation(found[0].multiplicity)
        wrong = total_variation(realise(tally_of(matrix, shuffled), target, "pairs").marginal, expected)
    assert distances[1] < 0.45 * distances[0]
    assert distances[1] < 0.25 * wrong


def test_numbers_of_a_small_selection() -> None:
    matrix = incidence_of([[0, 1], [0], [2]], 4)
    target = np.array([0.25, 0.25, 0.25, 0.25])
    found = realise(tally_of(matrix, [2, 1, 0]), target, "pairs")
    assert (found.size, found.distinct, found.duplicates, found.lost) == (3, 2, 1, 2)
    np.testing.assert_array_equal(found.counts, [3, 2, 0, 0])
    np.testing.assert_allclose(found.marginal, [0.6, 0.4, 0, 0])
    assert found.effective_sample_size == pytest.approx(9 / 5)
    assert found.total_variation == pytest.approx(0.5) and found.kl == np.inf
    rows = realise(tally_of(matrix, [2, 1, 0]), target, "rows")
    np.testing.assert_allclose(rows.marginal, [2 / 3, 1 / 3, 0, 0], rtol=1e-8)


def test_targets_of_any_kind_and_scale_are_the_same() -> None:
    tally = tally_of(incidence_of([[0, 1], [0], [2]], 3), [2, 1, 1])
    wanted = realise(tally, np.array([0.5, 0.25, 0.25]), "pairs")
    for target in ([2, 1, 1], np.array([4, 2, 2])):
        assert realise(tally, target, "pairs").total_variation == wanted.total_variation


def test_nothing_drawn_is_no_division_by_nothing() -> None:
    found = realise(tally_of(incidence_of([[0], [1]], 2), [0, 0]), np.ones(2), "pairs")
    assert (found.size, found.effective_sample_size, found.lost) == (0, 0.0, 2)
