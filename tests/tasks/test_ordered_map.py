"""Work over threads: results in order, few items in flight, errors at their item."""

import threading
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ordered_map import ordered_map
from tasks.threads import one_torch_thread


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(), max_size=30), st.integers(1, 4), st.none() | st.integers(0, 5))
def test_equals_map(items: list[int], workers: int, ahead: int | None) -> None:
    assert list(ordered_map(lambda x: x * x, items, workers=workers, ahead=ahead)) == [x * x for x in items]


@pytest.mark.parametrize(("workers", "ahead", "most"), [(1, None, 2), (3, None, 4), (2, 7, 7), (3, 0, 0)])
def test_no_more_items_are_taken_than_allowed(workers: int, ahead: int | None, most: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(50):
            taken += 1
            yield item

    for given_back, _ in enumerate(ordered_map(lambda x: x, items(), workers=workers, ahead=ahead)):
        assert taken - given_back <= most + 1


def test_an_error_surfaces_at_its_item_and_ends_the_work() -> None:
    begun: list[int] = []
    results: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("item 3")
        return item

    with pytest.raises(ValueError, match="item 3"):
        for result in ordered_map(work, range(1_000), workers=1):
            results.append(result)
    assert results == [0, 1, 2] and len(begun) < 10


def test_every_thread_is_initialised_before_its_first_item() -> None:
    before = torch.get_num_threads()
    both = threading.Barrier(2, timeout=60)  # two items at once: two threads

    def threads(_: int) -> int:
        both.wait()
        return torch.get_num_threads()

    assert list(ordered_map(threads, range(4), workers=2, initializer=one_torch_thread)) == [1] * 4
    assert torch.get_num_threads() == before
