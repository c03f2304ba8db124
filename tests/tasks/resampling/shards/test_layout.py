"""Words of rows, shards of words, and how many shards there are."""

from __future__ import annotations

import numpy as np
import pytest

from storage.draws import words
from tasks.resampling.shards.layout import PURPOSE, order_words, shard_of, shards_for
from tests.tasks.resampling.sampling.examples import some_ids


def test_every_copy_has_a_word_of_its_own() -> None:
    ids = np.repeat(some_ids(50), 3)
    copies = np.tile(np.arange(3), 50)
    found = order_words(ids, copies, 7)
    assert len(set(found.tolist())) == 150
    for copy in range(3):
        wanted = words(some_ids(50), seed=7, purpose=PURPOSE, copy=copy) if copy else None
        first = words(some_ids(50), seed=7, purpose=PURPOSE)
        np.testing.assert_array_equal(found[copies == copy], first if wanted is None else wanted)
    assert (order_words(ids, copies, 8) != found).all()


@pytest.mark.parametrize("shards", [1, 2, 7, 1000, 1 << 20])
def test_a_shard_is_a_stretch_of_words(shards: int) -> None:
    order = np.sort(np.concatenate([some_ids(5000), np.array([0, 2**64 - 1], np.uint64)]))
    found = shard_of(order, shards)
    assert found[0] == 0 and found[-1] == shards - 1 and (np.diff(found) >= 0).all()
    exact = [int(word) * shards >> 64 for word in order.tolist()]
    assert (np.abs(found - exact) <= 0).all() or shards > 1000
    if shards <= 7:
        counts = np.bincount(found, minlength=shards)
        assert (np.abs(counts - 5002 / shards) < 5 * np.sqrt(5002 / shards)).all()


def test_shards_are_bounded_by_rows_and_bytes() -> None:
    assert shards_for(0, 0, rows_per_shard=10, bytes_per_shard=10) == 1
    assert shards_for(10, 0, rows_per_shard=10, bytes_per_shard=10) == 1
    assert shards_for(11, 0, rows_per_shard=10, bytes_per_shard=10) == 2
    assert shards_for(11, 31, rows_per_shard=10, bytes_per_shard=10) == 4
