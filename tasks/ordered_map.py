"""Work spread over threads, results in order, with a bounded number of items in flight."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    ahead: int | None = None,
    initializer: Callable[[], None] | None = None,
) -> Iterator[Result]:
    """`map(function, items)` by `workers` threads; an exception surfaces at its item, and what waits is not begun.

    Args:
        function: what is done to each item.
        items: taken as they are needed.
        workers: threads; none is started before the first result is asked for.
        ahead: how many items at most wait beyond the one whose result is next; default `workers + 1`.
        initializer: called in every thread before its first item; `one_torch_thread` where torch computes, so that a
            result is the same bit for bit however many workers there are.
    """
    most = workers + 1 if ahead is None else ahead
    waiting = deque[Future[Result]]()
    with ThreadPoolExecutor(workers, thread_name_prefix="ordered", initializer=initializer) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
