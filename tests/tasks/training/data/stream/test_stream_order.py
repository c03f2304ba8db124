"""The streamed order: every copy once an epoch, from a bounded window, the same from any start."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from storage.tables.ids import row_ids
from tasks.training.data.stream.stream_order import StreamOrder, dealt


def order(copies, *, block=5, window=3, passes=1, seed=0) -> StreamOrder:
    ids = row_ids("stream", [str(row) for row in range(len(copies))])
    return StreamOrder(ids, np.asarray(copies, dtype=float), block, window, passes, seed)


def first(of: StreamOrder, rows: int, start: int = 0) -> list[int]:
    return list(islice((row for cell in of.cells(start) for row in cell.rows.tolist()), rows))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=40),
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(1, 5),
    st.integers(0, 3),
)
def test_each_epoch_holds_every_row_as_often_as_asked(copies, block, window, passes, seed):
    of = order(copies, block=block, window=window, passes=passes, seed=seed)
    total = sum(copies)
    seen = first(of, 3 * total)
    for epoch in range(3):
        part = seen[epoch * total : (epoch + 1) * total]
        assert np.bincount(part, minlength=len(copies)).tolist() == copies


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 200), st.integers(1, 9), st.integers(1, 5), st.integers(1, 4))
def test_any_place_can_be_started_from_and_names_all_it_needs(start, block, window, passes):
    of = order(np.linspace(0.3, 2.6, 37), block=block, window=window, passes=passes)
    whole = first(of, start + 120)
    held: set[int] = set()
    later: list[int] = []
    for cell in of.cells(start):
        held.update(row for rows in cell.loads for row in rows.tolist())
        assert held >= set(cell.rows.tolist())
        later += cell.rows.tolist()
        if len(later) >= 120:
            break
    assert later[:120] == whole[start:]


def test_a_buffer_of_the_window_is_enough():
    of = order(np.ones(400), block=10, window=6)
    named: list[int] = []
    for cell in islice(of.cells(), of.blocks + of.window):
        named += [rows[0] // 10 for rows in cell.loads]
        assert {row // 10 for row in cell.rows.tolist()} <= set(named[-of.window - 1 :])
    assert sorted(named) == list(range(40))


def test_rows_of_a_block_are_spread_over_the_window():
    of = order(np.ones(4_000), block=100, window=10)
    places = np.empty(4_000)
    places[first(of, 4_000)] = np.arange(4_000)
    spread = places.reshape(40, 100).std(axis=1).mean()
    assert spread == pytest.approx(10 * 100 / np.sqrt(12), rel=0.2)  # uniform over ten blocks' worth
    mixed = [len({row // 100 for row in first(of, 128, start)}) for start in range(1_000, 3_000, 100)]
    assert min(mixed) >= 9


def test_where_all_blocks_are_in_the_window_neighbours_are_independent():
    of = order(np.ones(500), block=50, window=200)
    places = np.empty(500)
    places[first(of, 500)] = np.arange(500)
    assert abs(np.corrcoef(places[:-1], places[1:])[0, 1]) < 0.1
    assert abs(np.corrcoef(places, np.arange(500))[0, 1]) < 0.1


def test_copies_of_a_row_are_in_as_many_passes():
    of = order([4] * 100, block=10, window=8, passes=4)
    seen = np.array(first(of, 400)).reshape(4, 100)
    for part in seen:
        assert len(np.unique(part)) == 100
    two = order([2] * 100, block=10, window=8, passes=4)
    sizes = [len(two._block(0, number, block)[1]) for number in range(4) for block in range(10)]
    assert sum(sizes) == 200 and max(sizes) <= 10


def test_weights_are_mean_copies_over_epochs():
    weights = np.linspace(0.1, 3, 60)
    of = order(weights, block=16, window=4, passes=3)
    epochs = 300
    size = sum(of._size(epoch) for epoch in range(epochs))
    seen = np.bincount(first(of, size), minlength=60) / epochs
    assert abs(seen - weights).max() < 0.12


def test_seeds_epochs_and_passes_differ():
    orders = [tuple(first(order(np.ones(60), seed=seed), 120)) for seed in (0, 1)]
    assert orders[0] != orders[1]
    assert orders[0][:60] != orders[0][60:]


def test_nothing_to_draw_is_named():
    with pytest.raises(InputError, match="no examples"):
        next(order([]).cells())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 6), st.integers(0, 9))
def test_identities_are_dealt_as_evenly_as_can_be(frequencies, batches, seed):
    identity = np.repeat(np.arange(len(frequencies)), frequencies).astype(np.uint64)
    identity = np.append(identity, np.arange(100, 100 + -len(identity) % batches)).astype(np.uint64)
    np.random.default_rng(seed).shuffle(identity)
    parts = dealt(identity, batches)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(identity)))
    for name, frequency in zip(*np.unique(identity, return_counts=True), strict=True):
        held = {int((identity[part] == name).sum()) for part in parts}
        assert held <= {frequency // batches, -(-frequency // batches)}
