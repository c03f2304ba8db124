"""Which rows a data set can do without, and which row is kept for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from storage.tables.ids import as_ids
from storage.tables.schemas import DROPPED
from tasks.arrays import Ids, Int64s


@dataclass(frozen=True)
class SameAs:
    """Pairs of ids, uint64 `[m]` each, that are the same for a reason."""

    ids: Ids
    others: Ids
    reason: str


@dataclass(frozen=True)
class Worth:
    """How much some rows are worth keeping: ids uint64 `[k]`, ascending, and numbers `[k]`, the larger the better."""

    ids: Ids
    value: Int64s


def related(relations: Sequence[SameAs]) -> Ids:
    """All ids that some relation names, ascending."""
    sides = [as_ids(side) for relation in relations for side in (relation.ids, relation.others)]
    return np.unique(np.concatenate([np.empty(0, np.uint64), *sides]))


def rows_to_drop(relations: Sequence[SameAs], gone: Ids | None = None, worth: Worth | None = None) -> pa.Table:
    """All but one of every group of rows that the relations join, in the `DROPPED` schema, ascending by id.

    The row that is worth most stays, and of equal ones that with the lowest id. A row's reason is the first relation
    that, with those before it, joins the row to the one that is kept: the nearest that is true of the two. The result
    does not depend on the order of rows or pairs.

    Args:
        relations: which rows are the same, the closest relation first.
        gone: ids that are dropped for another reason, `[g]`; they join groups but are neither kept nor listed, so that
            every listed row has one that stays.
        worth: of the rows; None for all alike. Rows that it does not name are worth nothing.
    """
    ids = related(relations)
    labels = list(_groups(relations, ids))
    label = labels[-1] if labels else np.empty(0, np.int64)
    here = np.isin(ids, as_ids([] if gone is None else gone), invert=True)
    best = np.lexsort((ids, -_worth_of(ids, worth)))
    best = best[here[best]]
    named, first = np.unique(label[best], return_index=True)
    stays = np.zeros(int(label.max(initial=-1)) + 1, np.int64)
    stays[named] = best[first]
    kept = stays[label]
    reason = np.full(len(ids), "", dtype=object)
    for relation, joined in reversed(list(zip(relations, labels, strict=True))):
        reason[joined == joined[kept]] = relation.reason
    dropped = here & (kept != np.arange(len(ids)))
    return pa.table([pa.array(ids[dropped]), pa.array(ids[kept[dropped]]), pa.array(reason[dropped], pa.string())],
                    schema=DROPPED)  # fmt: skip


def _groups(relations: Sequence[SameAs], ids: Ids) -> Iterator[Int64s]:
    """For every relation the group of each id, `[k]`, by it and those before it."""
    left = right = np.empty(0, np.int64)
    for relation in relations:
        left = np.concatenate([left, np.searchsorted(ids, as_ids(relation.ids))])
        right = np.concatenate([right, np.searchsorted(ids, as_ids(relation.others))])
        graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(len(ids), len(ids)))
        yield connected_components(graph, directed=False)[1].astype(np.int64)


def _worth_of(ids: Ids, worth: Worth | None) -> Int64s:
    found = np.zeros(len(ids), np.int64)
    if worth is not None and len(worth.ids):
        place = np.minimum(np.searchsorted(worth.ids, ids), len(worth.ids) - 1)
        found = np.where(worth.ids[place] == ids, worth.value[place], 0)
    return found
