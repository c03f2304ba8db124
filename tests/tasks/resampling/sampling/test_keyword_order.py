"""The order of keywords: rarest first, free of the order of arrival, and what it buys systematic sampling."""

from __future__ import annotations

import numpy as np

from tasks.balancing.diagnostics import expected_marginal, total_variation
from tasks.balancing.matrix.incidence import incidence_of
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.keyword_order import keyword_order
from tests.tasks.resampling.sampling.examples import long_tailed_matrix


def test_rarest_keywords_come_first() -> None:
    lists = [[0], [0, 1], [0, 1, 2], [0], [1], [], [0, 2], [0, 1]]  # counts: 6, 4, 2
    order = keyword_order(incidence_of(lists, 3), seed=0).tolist()
    assert order[:2] == [2, 6]  # both hold keyword 2; then keyword 1 is rarer than no other
    assert set(order[2:4]) == {1, 7} and order[4] == 4 and set(order[5:7]) == {0, 3} and order[7] == 5


def test_the_order_depends_on_ids_and_keywords_only() -> None:
    matrix, _ = long_tailed_matrix(500)
    shuffle = np.random.default_rng(3).permutation(matrix.rows)
    there = matrix.take(shuffle)
    np.testing.assert_array_equal(matrix.ids[keyword_order(matrix, seed=1)], there.ids[keyword_order(there, seed=1)])
    assert (keyword_order(matrix, seed=1) != keyword_order(matrix, seed=2)).any()


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
