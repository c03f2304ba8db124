"""Which rows a data set can do without, and for which row's sake."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

DROPPED = pa.schema([("id", pa.uint64()), ("kept", pa.uint64()), ("reason", pa.string())])
"""A row to leave out, the row that stays in its stead (null: none), and why."""


@dataclass(frozen=True)
class SameAs:
    """Pairs of ids, uint64 `[m]` each, that are the same for a reason."""

    ids: np.ndarray
    others: np.ndarray
    reason: str


def rows_to_drop(relations: Sequence[SameAs]) -> pa.Table:
    """All but the lowest id of every group of rows that the relations join, in the `DROPPED` schema, ascending by id.

    The result does not depend on the order of rows or pairs; a row's reason is the first relation that names it.
    """
    ids = np.unique(np.concatenate([np.empty(0, np.uint64), *(np.r_[r.ids, r.others] for r in relations)]))
    ends = [(np.searchsorted(ids, r.ids), np.searchsorted(ids, r.others)) for r in relations]
    left = np.concatenate([np.empty(0, np.int64), *(a for a, _ in ends)])
    right = np.concatenate([np.empty(0, np.int64), *(b for _, b in ends)])
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(len(ids), len(ids)))
    _, label = connected_components(graph, directed=False)
    lowest = ids[np.unique(label, return_index=True)[1]][label] if len(ids) else ids
    reason = np.full(len(ids), "", dtype=object)
    for relation, (a, b) in reversed(list(zip(relations, ends, strict=True))):
        reason[a] = reason[b] = relation.reason
    dropped = lowest != ids
    return pa.table([pa.array(ids[dropped]), pa.array(lowest[dropped]), pa.array(reason[dropped], pa.string())],
                    schema=DROPPED)  # fmt: skip
