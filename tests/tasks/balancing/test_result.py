"""Obstacles in words, and reasons with keywords by their names."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from tasks.balancing.raking.rake import rake
from tasks.balancing.result import Blocking, BlockingKind
from tests.tasks.balancing.examples import random_matrix


@pytest.mark.parametrize("kind", get_args(BlockingKind))
def test_every_kind_is_a_sentence_with_its_numbers(kind: str) -> None:
    named = Blocking(kind, (1,), 0.25, 0.125).sentence(["dog", "cat"])
    if kind not in ("totals", "empty caption"):
        assert "“cat”" in named and "“#1”" in Blocking(kind, (1,), 0.25, 0.125).sentence()
    if kind != "zero target":
        assert "0.125" in named


def test_many_keywords_are_counted_and_not_listed() -> None:
    obstacle = Blocking("cut", tuple(range(9)), 0.5, 0.4)
    assert "“b”, “c” and 6 more carry" in obstacle.sentence(list("abcdefghi"), most=3)
    assert "carry 50 %, more than the targets' sum 12.5 %" in Blocking("cut", (0,), 0.5, 0.125).sentence(
        ["a"], shares=True
    )
    assert "more carry" not in Blocking("cut", (0, 1), 0.5, 0.4).sentence(list("ab"))


def test_a_reason_names_keywords_where_it_speaks_of_them() -> None:
    matrix = random_matrix(20, 3, 0)
    found = rake(matrix.indptr, matrix.indices, columns=3, column_target=np.array([0.0, 1.0, 1.0]), steps=2)
    names = ["dog", "cat", "sun"]
    assert "“#0”" in found.reason and "“dog”" in found.explanation(names) and "#0" not in found.explanation(names)
    free = replace(found, infeasible=(), reason="as asked")
    assert free.explanation(names) == "as asked"
