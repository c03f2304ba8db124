"""The order of examples: every copy once an epoch, no copies together, the same from any start."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from storage.tables.ids import row_ids
from tasks.training.data.epoch_order import batches, epoch_order


def ids_of(n: int) -> np.ndarray:
    return row_ids("order", [str(row) for row in range(n)])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(0, 5), st.integers(0, 3))
def test_an_epoch_holds_every_row_as_often_as_asked(multiplicity, seed, epoch):
    order = epoch_order(ids_of(len(multiplicity)), np.array(multiplicity), seed=seed, epoch=epoch)
    assert np.bincount(order, minlength=len(multiplicity)).tolist() == multiplicity


def test_the_order_depends_on_ids_alone():
    ids, multiplicity = ids_of(50), np.arange(50) % 4
    shuffled = np.random.default_rng(0).permutation(50)
    straight = ids[epoch_order(ids, multiplicity, seed=3, epoch=1)]
    other = ids[shuffled][epoch_order(ids[shuffled], multiplicity[shuffled], seed=3, epoch=1)]
    assert np.array_equal(straight, other)


def test_seeds_and_epochs_differ():
    ids, ones = ids_of(100), np.ones(100, dtype=int)
    orders = [epoch_order(ids, ones, seed=seed, epoch=epoch).tolist() for seed in (0, 1) for epoch in (0, 1)]
    assert len({tuple(order) for order in orders}) == 4


def test_no_batch_holds_a_row_twice_while_others_are_to_be_had():
    ids, multiplicity = ids_of(60), np.array([10] * 10 + [1] * 50)
    for rows in islice(batches(ids, multiplicity, batch=16, seed=0), 40):
        assert len(np.unique(rows)) == 16


def test_no_batch_holds_a_picture_twice_under_other_captions():
    ids, ones = ids_of(60), np.ones(60, dtype=int)
    pictures = (np.arange(60) // 3).astype(np.uint64)  # three captions each
    seen = np.zeros(60, dtype=int)
    for rows in islice(batches(ids, ones, batch=16, seed=0, pictures=pictures), 60):
        assert len(np.unique(pictures[rows])) == 16
        seen[rows] += 1
    assert abs(seen - 16).max() <= 2


def test_rows_are_seen_in_proportion_to_their_copies():
    ids, multiplicity = ids_of(60), np.array([10] * 10 + [1] * 50)
    seen = np.bincount(np.concatenate(list(islice(batches(ids, multiplicity, batch=15, seed=0), 100))), minlength=60)
    assert abs(seen[:10] - 100).max() <= 12
    assert abs(seen[10:] - 10).max() <= 2


def test_too_few_rows_still_fill_a_batch():
    rows = next(batches(ids_of(3), np.ones(3, dtype=int), batch=8, seed=0))
    assert sorted(np.bincount(rows).tolist()) == [2, 3, 3]


@pytest.mark.parametrize("start", (0, 1, 7, 30))
def test_any_batch_can_be_started_from(start):
    ids, multiplicity = ids_of(20), np.arange(20) % 3
    whole = list(islice(batches(ids, multiplicity, batch=7, seed=2), start + 3))
    later = list(islice(batches(ids, multiplicity, batch=7, seed=2, start=start), 3))
    assert np.array_equal(whole[start:], later)


def test_nothing_selected_is_named():
    with pytest.raises(InputError, match="no examples"):
        next(batches(ids_of(3), np.zeros(3, dtype=int), batch=2, seed=0))


def test_weights_are_mean_copies_over_epochs():
    ids, weights = ids_of(200), np.linspace(0, 3, 200)
    epochs = [np.bincount(epoch_order(ids, weights, seed=0, epoch=e), minlength=200) for e in range(300)]
    assert abs(np.mean(epochs, axis=0) - weights).max() < 0.12
    assert all(abs(epoch - weights).max() < 1 for epoch in epochs)
