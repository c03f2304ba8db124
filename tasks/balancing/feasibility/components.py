"""Connected components of captions and keywords: no scaling moves mass from one to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from tasks.arrays import Floats, Int64s
from tasks.balancing.result import Blocking


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
    """Connected components, through each caption's first keyword (a star has the components of the clique)."""
    offsets, keywords = np.asarray(indptr, dtype=np.int64), np.asarray(indices)
    degrees = np.diff(offsets)
    held = degrees > 0
    first = np.zeros(len(degrees), dtype=np.int64)
    first[held] = keywords[offsets[:-1][held]]
    tails = np.repeat(first, degrees)
    graph = sp.coo_array((np.ones(len(keywords), dtype=np.int8), (tails, keywords)), shape=(columns, columns))
    _, label = connected_components(graph.tocsr(), directed=False)
    used = np.bincount(keywords, minlength=columns) > 0
    matches = np.bincount(label[keywords], minlength=int(label.max(initial=-1)) + 1)
    order = np.argsort(-matches, kind="stable")
    number = np.full(len(order), -1, dtype=np.int64)
    kept = order[matches[order] > 0]
    number[kept] = np.arange(len(kept))
    of_column = np.where(used, number[label], -1)
    of_row = np.where(held, of_column[first], -1)
    return Components(
        of_row,
        of_column,
        np.bincount(of_row[of_row >= 0], minlength=len(kept)),
        np.bincount(of_column[of_column >= 0], minlength=len(kept)),
        matches[kept],
    )


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
