"""A uniform subset of exact size."""

from __future__ import annotations

import numpy as np
import pytest

from storage.draws import words
from storage.errors import InputError
from tasks.resampling.sampling.subset import PURPOSE, largest_word, subset
from tests.tasks.resampling.sampling.examples import some_ids


def test_subset_is_exact_and_free_of_order() -> None:
    ids = some_ids(1000)
    order = np.random.default_rng(1).permutation(1000)
    first, second = subset(ids, 137, seed=2), subset(ids[order], 137, seed=2)
    assert len(first) == 137
    assert set(ids[first].tolist()) == set(ids[order][second].tolist())


def test_subsets_are_nested_and_bounded() -> None:
    ids = some_ids(50)
    small, large = (set(subset(ids.tolist(), size, seed=1).tolist()) for size in (np.int64(10), 20))
    assert small < large and len(subset(ids, 0, seed=1)) == 0
    with pytest.raises(InputError, match="cannot be drawn"):
        subset(ids, 51, seed=0)


def test_every_row_is_as_likely() -> None:
    held = np.zeros(40)
    for seed in range(1000):
        held[subset(some_ids(40), 10, seed=seed)] += 1
    assert (np.abs(held / 1000 - 0.25) < 4.5 * np.sqrt(0.25 * 0.75 / 1000)).all()


@pytest.mark.parametrize("batch", [1, 37, 1000])
@pytest.mark.parametrize("size", [1, 2, 137, 999, 1000])
def test_the_largest_word_cuts_the_same_subset(batch: int, size: int) -> None:
    ids = some_ids(1000)
    limit = largest_word(lambda: (ids[start : start + batch] for start in range(0, 1000, batch)), size, seed=2)
    cut = np.flatnonzero(words(ids, seed=2, purpose=PURPOSE) <= np.uint64(limit))
    np.testing.assert_array_equal(cut, subset(ids, size, seed=2))


def test_words_that_share_their_leading_bits_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """All words fall into few bins, so the second pass decides."""
    monkeypatch.setattr("tasks.resampling.sampling.subset._BITS", 1)
    ids = some_ids(500)
    for size in (1, 200, 260, 500):
        limit = largest_word(lambda: [ids[:300], ids[:0], ids[300:]], size, seed=5)
        assert int((words(ids, seed=5, purpose=PURPOSE) <= np.uint64(limit)).sum()) == size


def test_a_word_of_no_row_is_refused() -> None:
    for size in (0, 11):
        with pytest.raises(InputError, match=f"a subset of {size} of 10 rows"):
            largest_word(lambda: [some_ids(10)], size, seed=0)
