"""Concept-targeted batches: what they hold, by hand and on a long tail."""

import itertools

import numpy as np
import pytest

from storage.errors import InputError
from tasks.studies.online.targeted import RowKeywords, keywords_of, targeted_batch, targeted_batches


def rows(*lists: list[int]) -> RowKeywords:
    return RowKeywords(np.cumsum([0, *map(len, lists)]), np.array([each for one in lists for each in one], np.int64))


def long_tail(count: int = 400) -> RowKeywords:
    keyword = np.random.default_rng(0).choice(4, count, p=[0.85, 0.1, 0.04, 0.01])
    return RowKeywords(np.arange(count + 1), keyword.astype(np.int64))


def test_a_batch_by_hand() -> None:
    candidates = rows([0], [0], [1], [0, 1], [])
    assert targeted_batch(candidates, np.array([0.5, 0.5]), 2).tolist() == [0, 2]
    assert targeted_batch(candidates, np.array([1.0, 0.0]), 3).tolist() == [0, 1, 3]
    assert sorted(targeted_batch(candidates, np.array([0.5, 0.5]), 5).tolist()) == [0, 1, 2, 3, 4]


def test_batches_come_nearer_to_the_target_than_chance() -> None:
    keywords = long_tail()
    ids = np.arange(400, dtype=np.uint64) * 7919
    target = np.full(4, 0.25)
    made = list(itertools.islice(targeted_batches(ids, keywords, target, batch=20, candidates=5, seed=1), 6))
    for batch in made:
        assert len(set(batch.tolist())) == 20
        held = np.bincount(keywords.indices[batch], minlength=4) / 20
        chance = np.bincount(keywords.indices, minlength=4) / 400
        assert np.abs(held - target).sum() < 0.7 * np.abs(chance - target).sum()
    later = next(targeted_batches(ids, keywords, target, batch=20, candidates=5, seed=1, start=4))
    np.testing.assert_array_equal(later, made[4])
    other = next(targeted_batches(ids, keywords, target, batch=20, candidates=5, seed=2))
    assert other.tolist() != made[0].tolist()


def test_too_few_rows_for_the_candidates() -> None:
    with pytest.raises(InputError, match="chosen from 500 pairs, but there are 400"):
        next(
            targeted_batches(
                np.arange(400, dtype=np.uint64), long_tail(), np.full(4, 0.25), batch=100, candidates=5, seed=0
            )
        )


def test_keywords_follow_the_rows() -> None:
    matched = np.array([30, 10, 20], np.uint64)
    found = keywords_of(np.array([10, 15, 30, 20], np.uint64), matched, np.array([0, 1, 3, 3]), np.array([5, 6, 7]))
    assert found.indptr.tolist() == [0, 2, 2, 3, 3] and found.indices.tolist() == [6, 7, 5]
    assert found.take(np.array([2, 0])).indices.tolist() == [5, 6, 7]
    none = keywords_of(
        np.array([1, 2], np.uint64), np.empty(0, np.uint64), np.zeros(1, np.int64), np.empty(0, np.int64)
    )
    assert none.indptr.tolist() == [0, 0, 0]
