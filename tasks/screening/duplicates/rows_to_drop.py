"""Which rows a data set can do without, and which row is kept for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from storage.tables.ids import as_ids
from storage.tables.schemas import DROPPED
from tasks.arrays import Ids


@dataclass(frozen=True)
class SameAs:
    """Pairs of ids, uint64 `[m]` each, that are the same for a reason."""

    ids: Ids
    others: Ids
    reason: str


def rows_to_drop(relations: Sequence[SameAs], gone: Ids | None = None) -> pa.Table:
    """All but the lowest id of every group of rows that the relations join, in the `DROPPED` schema, ascending by id.

    gone: ids that are dropped for another reason, `[g]`; they join groups but are neither kept nor listed, so that
    every listed row has one that stays. The result does not depend on the order of rows or pairs; a row's reason is the
    first relation that names it.
    """
    same = [(as_ids(r.ids), as_ids(r.others)) for r in relations]
    ids = np.unique(np.concatenate([np.empty(0, np.uint64), *(side for pair in same for side in pair)]))
    ends = [(np.searchsorted(ids, a), np.searchsorted(ids, b)) for a, b in same]
    left = np.concatenate([np.empty(0, np.int64), *(a for a, _ in ends)])
    right = np.concatenate([np.empty(0, np.int64), *(b for _, b in ends)])
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(len(ids), len(ids)))
    _, label = connected_components(graph, directed=False)
    here = np.isin(ids, as_ids([] if gone is None else gone), invert=True)
    named, first = np.unique(label[here], return_index=True)
    lowest = np.zeros(int(label.max(initial=-1)) + 1, np.uint64)
    lowest[named] = ids[here][first]
    kept = lowest[label]
    reason = np.full(len(ids), "", dtype=object)
    for relation, (a, b) in reversed(list(zip(relations, ends, strict=True))):
        reason[a] = reason[b] = relation.reason
    dropped = here & (kept != ids)
    return pa.table([pa.array(ids[dropped]), pa.array(kept[dropped]), pa.array(reason[dropped], pa.string())],
                    schema=DROPPED)  # fmt: skip
