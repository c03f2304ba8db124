"""Making the next batches while the present one is trained on."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterator[Item], ahead: int) -> Iterator[Item]:
    """The same items in the same order, up to `ahead` of them made early in a thread of their own.

    An exception comes when its item would have. 0 makes every item when it is asked for.
    """
    if ahead == 0:
        yield from items
        return
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as pool:
        waiting: deque[Future[object]] = deque(pool.submit(next, items, end) for _ in range(ahead))
        while (item := waiting.popleft().result()) is not end:
            waiting.append(pool.submit(next, items, end))
            yield item  # type: ignore[misc]
        for future in waiting:
            future.cancel()
