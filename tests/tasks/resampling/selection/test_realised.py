"""What a selection holds is counted; the fault of the reference code is caught by this test."""

from __future__ import annotations

import numpy as np
import pytest

from storage.tables.ids import row_ids
from tasks.balancing.diagnostics import expected_marginal, total_variation
from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.targets import base_measure, capped
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.keyword_order import keyword_order
from tasks.resampling.selection.realised import realise


def long_tailed_matrix(rows: int, columns: int = 40, seed: int = 0) -> tuple[Incidence, np.ndarray]:
    """Matched captions among others that match nothing: `(matrix of the matched, their row numbers)`."""
    generator = np.random.default_rng(seed)
    share = 1.0 / np.arange(1, columns + 1)
    lists = [
        sorted(set(generator.choice(columns, size=generator.integers(0, 4), p=share / share.sum()).tolist()))
        for _ in range(rows)
    ]
    whole = incidence_of(lists, columns)
    matched = np.flatnonzero(whole.degrees > 0)
    part = whole.take(matched)
    ids = row_ids("realised", [str(i) for i in matched])
    return Incidence(ids, part.indptr, part.indices, columns), matched


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
        realised = [realise(matrix, chosen.multiplicity, target / target.sum(), "pairs") for chosen in found]
        distances.append(np.mean([total_variation(one.marginal, expected) for one in realised]))
        shuffled = np.random.default_rng(0).permutation(found[0].multiplicity)
        wrong = total_variation(realise(matrix, shuffled, target / target.sum(), "pairs").marginal, expected)
    assert distances[1] < 0.45 * distances[0]
    assert distances[1] < 0.25 * wrong


def test_systematic_along_keywords_is_nearer_than_independent_draws() -> None:
    matrix, _ = long_tailed_matrix(8_000)
    weight = 1.0 / matrix.degrees
    order = keyword_order(matrix, seed=0)
    distance = {}
    for method in ("residual", "systematic"):
        runs = []
        for seed in range(5):
            chosen = draw(matrix.ids, weight, method=method, size=2_000, seed=seed, order=order)
            expected = expected_marginal(matrix, chosen.expected)
            runs.append(total_variation(expected_marginal(matrix, chosen.multiplicity.astype(float)), expected))
        distance[method] = np.mean(runs)
    assert distance["systematic"] < 0.6 * distance["residual"]


def test_numbers_of_a_small_selection() -> None:
    matrix = incidence_of([[0, 1], [0], [2]], 4)
    target = np.array([0.25, 0.25, 0.25, 0.25])
    found = realise(matrix, np.array([2, 1, 0]), target, "pairs")
    assert (found.size, found.distinct, found.duplicates, found.lost) == (3, 2, 1, 2)
    np.testing.assert_array_equal(found.counts, [3, 2, 0, 0])
    np.testing.assert_allclose(found.marginal, [0.6, 0.4, 0, 0])
    assert found.effective_sample_size == pytest.approx(9 / 5)
    assert found.total_variation == pytest.approx(0.5) and found.kl == np.inf
    rows = realise(matrix, np.array([2, 1, 0]), target, "rows")
    np.testing.assert_allclose(rows.marginal, [2 / 3, 1 / 3, 0, 0])
