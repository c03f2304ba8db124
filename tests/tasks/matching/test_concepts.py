"""Concepts as keywords, against plain loops."""

import numpy as np
import pyarrow as pa
import pytest

from storage.tables.schemas import CONCEPT
from tasks.matching.concepts import ConceptMatcher, Detected, concept_keys
from tasks.matching.config import Spacing

METACLIP = Spacing()
FOLDED = Spacing(normalise="unicode", fold_case=True)


def rows(*held: list[tuple[str, float | None]] | None) -> pa.Array:
    lists = [None if row is None else [{"label": label, "score": score} for label, score in row] for row in held]
    return pa.array(lists, pa.list_(CONCEPT))


def test_a_concept_is_a_keyword_as_a_whole_and_spaced_alike() -> None:
    matcher = ConceptMatcher(["dog", "U.S.A.", "hot dog", "Dog", ""], FOLDED, np.array([3, 5, 7, 9, 11], np.uint32))
    found = matcher.match(
        rows([("DOG", 1.0)], [("hot  dog", None)], [("U.S.A.", 0.1), ("", 1.0)], None, [("cat", 1.0)])
    )
    assert found.to_pylist() == [[3, 9], [7], [5], [], []]
    exact = ConceptMatcher(["dog", "U.S.A."], METACLIP, np.arange(2, dtype=np.uint32))
    assert exact.match(rows([("DOG", 1.0)], [("U.S.A.", 1.0), ("dog", 1.0)])).to_pylist() == [[], [0, 1]]


def test_a_threshold_is_reached_by_the_same_number_in_four_bytes() -> None:
    matcher = ConceptMatcher(["a", "b", "c"], METACLIP, np.arange(3, dtype=np.uint32))
    held = rows([("a", 0.7), ("b", 0.69), ("c", None)])
    assert matcher.match(held, 0.7).to_pylist() == [[0, 2]]
    assert matcher.match(held).to_pylist() == [[0, 1, 2]]


def test_as_a_plain_loop_says() -> None:
    rng = np.random.default_rng(0)
    names = [f"k{number}" for number in range(40)]
    held = [
        None if rng.random() < 0.1 else [(f"k{rng.integers(60)}", float(rng.random())) for _ in range(rng.integers(6))]
        for _ in range(500)
    ]
    matcher = ConceptMatcher(names, METACLIP, np.arange(40, dtype=np.uint32))
    whole = rows(*held)
    found = matcher.match(pa.chunked_array([whole[:123], whole[123:]]), 0.4)
    expected = [
        sorted({int(label[1:]) for label, score in row or [] if np.float32(score) >= np.float32(0.4)} & set(range(40)))
        for row in held
    ]
    assert found.to_pylist() == expected
    assert matcher.match(rows()).to_pylist() == []


def test_frequent_concepts_under_their_most_frequent_spelling() -> None:
    blocks = [
        rows([("Cat", 1.0), ("cat", 1.0)], [("cat", 1.0)], [("dog", 0.1)]),
        rows(None, [("dog", 1.0)], [("x", 1.0)]),
    ]
    detected = Detected(blocks, FOLDED, 0.5)
    assert detected.frequent(minimum_count=1, limit=9) == ["cat", "dog", "x"]
    assert detected.frequent(minimum_count=2, limit=9) == ["cat"]
    assert Detected(blocks, METACLIP).frequent(minimum_count=1, limit=3) == ["cat", "dog", "Cat"]


@pytest.mark.parametrize("how", [METACLIP, FOLDED])
def test_nothing_is_left_of_blanks(how: Spacing) -> None:
    assert concept_keys([" \t", "a,b"], how)[0] == ""
