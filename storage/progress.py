"""How far a run is: a bar for a person at a terminal, and a callback for whoever else wants to know."""

import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

Report = Callable[[int, int, str], None]
"""Takes how much is done, of how much, and a line about it; returns soon and raises nothing."""


def silent(done: int, total: int, line: str) -> None:
    """The report to nobody."""


def progress(items: Iterable[Item] | int, description: str, *, unit: str = "it", initial: int = 0) -> "tqdm[Item]":
    """A bar over an iterable, or over a known total to be advanced by `.update(n)`.

    Several may be alive in several threads at once. Silent unless standard error is a terminal.
    """
    total = items if isinstance(items, int) else None
    iterable = None if isinstance(items, int) else items
    return tqdm(
        iterable,
        total=total,
        desc=description,
        unit=unit,
        initial=initial,
        leave=False,
        dynamic_ncols=True,
        disable=not sys.stderr.isatty(),
    )
