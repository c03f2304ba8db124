"""What a process keeps from one stage run to the next: a model that takes long to load.

Only a process that says so keeps anything: a cluster's worker, which carries out runs of one stage one after another on
a GPU of its own. Elsewhere another stage may want the memory.
"""

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

_KEPT: list[tuple[object, object]] = []
_keeps = False


def keep() -> None:
    """From now on this process keeps the value that was made last."""
    global _keeps
    _keeps = True


def kept(identity: object, make: Callable[[], Value]) -> Value:
    """What `make` returns, or returned when it was last called, for an equal `identity`.

    Args:
        identity: everything that the value depends on, contents of files among it.
        make: makes the value, at each call where the process keeps nothing.
    """
    if not _keeps:
        return make()
    for known, value in _KEPT:
        if known == identity:
            return value  # type: ignore[return-value]
    _KEPT.clear()  # first, so that two are never held at a time
    made = make()
    _KEPT.append((identity, made))
    return made
