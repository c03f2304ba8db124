"""The tables of a selection: weights read, selection written, keywords with what was realised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from storage.tables.lookup import places_in
from storage.tables.schemas import ENTRIES, SELECTION
from storage.tables.shards import read_table
from tasks.arrays import Floats, Ids, Int64s
from tasks.resampling.sampling.draw import Draw
from tasks.resampling.selection.realised import Realised


@dataclass(frozen=True)
class Weights:
    """The `weights` table sorted by id: ids `[n]`, weight `[n]`, and expected copies `[n]` or None."""

    ids: Ids
    weight: Floats
    inclusion: Floats | None

    def rows_in(self, ids: Ids) -> Int64s:
        """Where each weighted caption stands among `ids` (sorted).

        Raises:
            InputError: a weighted caption has no matches.
        """
        places, found = places_in(ids, self.ids)
        if not found.all():
            raise InputError("a weighted caption is missing from the matches; pass the matches that were balanced")
        return places


def read_weights(paths: Sequence[Path]) -> Weights:
    """Read the `weights` shards. A column of inclusion that is null throughout means there is none."""
    table = read_table(list(paths))
    ids = table.column("id").to_numpy()
    order = np.argsort(ids, kind="stable")
    inclusion = table.column("inclusion")
    known = inclusion.null_count < len(inclusion)
    return Weights(
        ids[order],
        table.column("weight").to_numpy()[order],
        inclusion.to_numpy()[order] if known else None,
    )


def selection_table(weights: Weights, chosen: Draw) -> pa.Table:
    """Captions with a multiplicity above 0, by id; `inclusion` is the probability of occurring at all."""
    kept = chosen.multiplicity > 0
    table = pa.table(
        {
            "id": pa.array(weights.ids[kept]),
            "weight": pa.array(weights.weight[kept]),
            "inclusion": pa.array(chosen.inclusion[kept]),
            "multiplicity": pa.array(chosen.multiplicity[kept]),
        }
    )
    return table.cast(SELECTION)


def subset_table(ids: Ids, *, share: float) -> pa.Table:
    """A uniform subset as a selection: each caption once, with the same weight and the same inclusion, `share`."""
    table = pa.table(
        {
            "id": pa.array(ids),
            "weight": pa.array(np.ones(len(ids))),
            "inclusion": pa.array(np.full(len(ids), share)),
            "multiplicity": pa.array(np.ones(len(ids), dtype=np.uint16)),
        }
    )
    return table.cast(SELECTION)


def with_realised(keywords: pa.Table, found: Realised) -> pa.Table:
    """The keyword table with its `realised` column filled."""
    place = keywords.schema.get_field_index("realised")
    return keywords.set_column(place, "realised", pa.array(found.marginal)).cast(ENTRIES)
