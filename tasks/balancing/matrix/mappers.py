"""Where the map–reduce step runs: in turn, on threads, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar, cast

from tasks.ordered_map import ordered_map

Item = TypeVar("Item")
Result = TypeVar("Result")


class Mapper(Protocol):
    """`map` that yields results in the order of the items; on threads, or as tasks of a cluster."""

    def __call__(self, function: Callable[[Item], Result], items: Sequence[Item], /) -> Iterable[Result]:
        """Apply `function` to each item."""
        ...


def mapped(workers: int) -> Mapper:
    """`map` over so many threads, in order and few results ahead; with one worker or one item in this thread."""

    def run(function: Callable[[Item], Result], items: Sequence[Item], /) -> Iterable[Result]:
        if workers <= 1 or len(items) <= 1:
            return map(function, items)
        return ordered_map(function, items, workers=workers)

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
