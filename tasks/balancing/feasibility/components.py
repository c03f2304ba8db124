"""Connected components of captions and keywords: no scaling moves mass from one to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.arrays import Floats, Int64s, Integers
from tasks.balancing.result import Blocking
from tasks.compiled import Integer, compiled


@dataclass(frozen=True)
class Components:
    """Components of the bipartite graph, numbered by falling number of matches (ties by first keyword).

    Attributes:
        of_row: `[n]`, −1 for a caption without keywords.
        of_column: `[m]`, −1 for a keyword without captions.
        rows: `[components]`, captions of each.
        columns: `[components]`, keywords of each.
        matches: `[components]`, matches of each.
    """

    of_row: Int64s
    of_column: Int64s
    rows: Int64s
    columns: Int64s
    matches: Int64s

    @property
    def number(self) -> int:
        """How many components hold at least one match."""
        return len(self.matches)


def components(indptr: npt.ArrayLike, indices: npt.ArrayLike, columns: int) -> Components:
    """Connected components: each caption's keywords are joined with its first one."""
    offsets, keywords = np.asarray(indptr, dtype=np.int64), np.asarray(indices)
    held = np.diff(offsets) > 0
    root = np.arange(columns, dtype=np.int64)
    _join(offsets, keywords, root)
    counts = np.bincount(keywords, minlength=columns)
    matches = np.bincount(root, weights=counts, minlength=columns).astype(np.int64)
    order = np.argsort(-matches, kind="stable")  # a root is the least of its keywords, so these decide among equals
    number = np.full(columns, -1, dtype=np.int64)
    kept = order[matches[order] > 0]
    number[kept] = np.arange(len(kept))
    of_column = number[root]
    of_row = np.full(len(held), -1, dtype=np.int64)
    of_row[held] = of_column[keywords[offsets[:-1][held]]]
    return Components(
        of_row,
        of_column,
        np.bincount(of_row[of_row >= 0], minlength=len(kept)),
        np.bincount(of_column[of_column >= 0], minlength=len(kept)),
        matches[kept],
    )


@compiled
def _join(indptr: Int64s, indices: Integers, root: Int64s) -> None:
    """Union–find: `root [m]`, first every keyword itself, becomes the least keyword that it is connected with."""
    for i in range(len(indptr) - 1):
        if indptr[i] == indptr[i + 1]:
            continue
        first = _root_of(root, np.int64(indices[indptr[i]]))
        for k in range(indptr[i] + 1, indptr[i + 1]):
            if root[indices[k]] == first:
                continue  # most of a large component, soon
            other = _root_of(root, np.int64(indices[k]))
            low, high = min(first, other), max(first, other)
            root[high] = low
            first = low
    for j in range(len(root)):
        root[j] = root[root[j]]  # ascending: what a keyword points to is smaller, and settled


@compiled
def _root_of(root: Int64s, keyword: Integer) -> Integer:
    """The end of a keyword's path; every second step is cut short on the way."""
    while root[keyword] != keyword:
        root[keyword] = root[root[keyword]]
        keyword = root[keyword]
    return keyword


def component_obstacles(found: Components, row_mass: Floats, column_target: Floats, slack: float) -> list[Blocking]:
    """Components of several keywords whose captions' mass is not what their keywords' targets sum to.

    Only differences that matter beside equal totals are listed, the largest first; a component of one keyword is named
    by the other conditions.

    Args:
        found: the components.
        row_mass: `[n]` target masses of captions.
        column_target: `[m]` target masses of keywords.
        slack: what counts as equal.
    """
    if found.number < 2:
        return []
    held = np.bincount(found.of_row[found.of_row >= 0], weights=row_mass[found.of_row >= 0], minlength=found.number)
    inside = found.of_column >= 0
    wanted = np.bincount(found.of_column[inside], weights=column_target[inside], minlength=found.number)
    excess = np.where(found.columns > 1, np.abs(held - wanted), 0.0)
    listed = np.flatnonzero(excess > np.maximum(slack, 1e-9 * wanted))
    listed = listed[np.argsort(-excess[listed], kind="stable")]
    listed = listed[:1000]
    order = np.argsort(found.of_column, kind="stable")
    starts = np.searchsorted(found.of_column[order], np.arange(found.number + 1))
    return [
        Blocking("component", tuple(order[starts[k] : starts[k + 1]].tolist()), float(held[k]), float(wanted[k]))
        for k in listed
    ]
