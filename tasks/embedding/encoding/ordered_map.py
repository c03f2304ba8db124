"""Work spread over threads, results in order, with a bounded number of items in flight."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from tasks.threads import one_torch_thread

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int, ahead: int | None = None
) -> Iterator[Result]:
    """`map(function, items)` by `workers` threads; at most `ahead` (default `workers + 1`) items wait at a time.

    Every thread computes with one torch thread: a result is then the same bit for bit however many workers there are.
    An exception surfaces at its item, and the items that were waiting are not begun.
    """
    most = workers + 1 if ahead is None else ahead
    waiting = deque[Future[Result]]()
    with ThreadPoolExecutor(workers, thread_name_prefix="encode", initializer=one_torch_thread) as pool:
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
