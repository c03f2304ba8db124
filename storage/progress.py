"""Progress bars: shown to a person at a terminal, silent everywhere else."""

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


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
