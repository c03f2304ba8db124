"""How far a run is: a bar for a person at a terminal, and a callback for whoever else wants to know."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

Item = TypeVar("Item")

Report = Callable[[int, int, str], None]
"""Takes how much is done, of how much, and a line about it; returns soon and raises nothing."""

EVERY = 2.0
"""Seconds between two reports of a bar."""


def silent(done: int, total: int, line: str) -> None:
    """The report to nobody."""


_followers: list[Report] = []
_followed: ContextVar[Report] = ContextVar("followed", default=silent)


@contextmanager
def followed(report: Report) -> Iterator[None]:
    """Bars of this context tell `report`, too, how far they are."""
    before = _followed.set(report)
    if report is not silent:
        _followers.append(report)
    try:
        yield
    finally:
        _followed.reset(before)
        if report is not silent:
            _followers.remove(report)


def is_followed() -> bool:
    """Whether anybody follows anything that this process does, in whatever thread."""
    return bool(_followers)


def progress(
    items: Iterable[Item] | int, description: str, *, unit: str = "it", initial: int = 0, told: bool = True
) -> "tqdm[Item]":
    """A bar over an iterable, or over a known total to be advanced by `.update(n)`.

    Several may be alive in several threads at once. Silent unless standard error is a terminal; whoever follows this
    context (`followed`) is told all the same, where the total is known and unless `told` is off.
    """
    from storage.bar import Bar  # most commands draw none, and need not load its library

    total = items if isinstance(items, int) else _length(items)
    report = _followed.get()
    count = _Count(report, total, description, unit, initial) if told and total and report is not silent else None
    iterable = None if isinstance(items, int) else items if count is None else _counted(items, count)
    bar = Bar(
        iterable,
        total=total,
        desc=description,
        unit=unit,
        initial=initial,
        leave=False,
        dynamic_ncols=True,
        disable=not sys.stderr.isatty(),
    )
    bar.told = count.advance if count and iterable is None else None
    return bar


def _length(items: object) -> int | None:
    """How many items there are; None where nobody knows: a loader of what has no length has one that raises."""
    try:
        return len(items) if isinstance(items, Sized) else None
    except TypeError:
        return None


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


class _Count:
    """Tells a report how much of a bar is done, at most every two seconds; of what is over sooner, nothing."""

    def __init__(self, report: Report, total: int, description: str, unit: str, initial: int) -> None:
        self._report, self._total, self._description, self._unit = report, total, description, unit
        self._done, self._told, self._last = initial, initial, time.monotonic()
        self._some = False

    def advance(self, more: int) -> None:
        self._done += more
        now = time.monotonic()
        if now - self._last >= EVERY or (self._some and self._done >= self._total):
            rate = (self._done - self._told) / max(now - self._last, 1e-9)
            self._told, self._last, self._some = self._done, now, True
            self._report(self._done, self._total, f"{self._description}, {_rate(rate)} {self._unit}/s")


def _counted(items: Iterable[Item], count: _Count) -> Iterator[Item]:
    for item in items:
        yield item
        count.advance(1)
