"""Where the map–reduce step runs: in turn, on threads, or on a Ray cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")


class Mapper(Protocol):
    """`map` that yields results in the order of the items; on threads, or as tasks of a cluster."""

    def __call__(self, function: Callable[[Item], Result], items: Sequence[Item], /) -> Iterable[Result]:
        """Apply `function` to each item."""
        ...


def mapped(workers: int) -> Mapper:
    """`map` over threads, in order; at most twice as many results as workers wait to be taken, the rest is not begun.

    An error in one call is raised where its result would stand.
    """

    def run(function: Callable[[Item], Result], items: Sequence[Item], /) -> Iterator[Result]:
        if workers <= 1 or len(items) <= 1:
            yield from map(function, items)
            return
        waiting: deque[Future[Result]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            try:
                for item in items:
                    waiting.append(pool.submit(function, item))
                    if len(waiting) >= 2 * workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    return run


def ray_mapped() -> Mapper:
    """`map` over the tasks of a Ray cluster (the extra `ray`); shards must lie where every node can read them."""
    import ray

    @ray.remote
    def apply(function: Callable[..., object], item: object) -> object:  # Ray takes plain functions, no objects
        return function(item)

    def run(function: Callable[[Item], Result], items: Sequence[Item], /) -> Iterable[Result]:
        shared = ray.put(cast(Callable[..., object], function))  # once for all tasks: it holds vectors [m]
        return cast(list[Result], ray.get([apply.remote(shared, item) for item in items]))

    return run
