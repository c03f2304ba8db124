"""Curated shards: the selected pairs with weight, inclusion, multiplicity and keywords, in hash order.

Rows are laid out by `hash(seed, id, copy)`, so neighbours in a source, and the copies of a caption, are spread over all
shards, whatever order the pairs arrived in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.draws import words
from storage.tables.lookup import places_in
from storage.tables.schemas import CURATED
from storage.tables.shards import iter_batches, read_table
from tasks.arrays import Bools, Ids, Int64s
from tasks.resampling.shards.splits import held_out


@dataclass(frozen=True)
class Layout:
    """How curated rows are laid out.

    Attributes:
        seed: of the order of rows and of the split.
        validation: share of images held out.
        expand: a caption of multiplicity k becomes k rows.
    """

    seed: int = 0
    validation: float = 0.0
    expand: bool = False


@dataclass(frozen=True)
class CuratedRows:
    """Some rows of the curated table, whether each is held out `[k]`, and the word by which it is ordered `[k]`."""

    rows: pa.Table
    held_out: Bools
    order: Ids


def curated_batches(
    selection: pa.Table, pairs: Sequence[Path], matches: Sequence[Path], layout: Layout
) -> Iterator[CuratedRows]:
    """Selected rows of each pair shard, unordered.

    Args:
        selection: the `selection` table.
        pairs: shards of the `pairs` table.
        matches: shards of the `matches` table; they need not correspond.
        layout: seed, validation share, and whether copies become rows.
    """
    selected = selection.sort_by("id")
    ids = selected.column("id").to_numpy()
    entries = _entries(matches, ids)
    for batch in iter_batches(list(pairs)):
        places, found = places_in(ids, batch.column("id").to_numpy())
        if not found.any():
            continue
        rows = pa.Table.from_batches([batch]).filter(pa.array(found))
        places = places[found]
        copies = np.zeros(len(places), dtype=np.int64)
        multiplicity = selected.column("multiplicity").to_numpy()[places].astype(np.int64)
        kept = np.arange(len(places))
        if layout.expand:
            kept = np.repeat(kept, multiplicity)
            copies = np.arange(len(kept)) - np.repeat(np.cumsum(multiplicity) - multiplicity, multiplicity)
            multiplicity = np.ones(len(kept), dtype=np.int64)
        rows = rows.take(pa.array(kept))
        for name in ("weight", "inclusion"):
            rows = rows.append_column(name, selected.column(name).take(pa.array(places[kept])))
        rows = rows.append_column("multiplicity", pa.array(multiplicity, pa.uint16()))
        rows = rows.append_column("entries", entries.take(pa.array(places[kept])))
        order = _order(rows.column("id").to_numpy(), copies, layout.seed)
        held = held_out(rows, layout.validation, seed=layout.seed)
        yield CuratedRows(rows.select(CURATED.names).cast(CURATED), held, order)


def _order(ids: Ids, copies: Int64s, seed: int) -> Ids:
    """The word by which rows are ordered; each copy of a caption has its own."""
    order = words(ids, seed=seed, purpose="curate order")
    for copy in range(1, int(copies.max(initial=0)) + 1):
        held = copies == copy
        order[held] = words(ids[held], seed=seed, purpose="curate order", copy=copy)
    return order


def _entries(matches: Sequence[Path], ids: Ids) -> pa.Array:
    """The keyword lists of `ids` (sorted), in that order; empty for an id without a match."""
    wanted = pa.array(ids, pa.uint64())
    pieces = []
    for path in matches:
        table = read_table([path], columns=["id", "entries"])
        pieces.append(table.filter(pc.is_in(table.column("id"), value_set=wanted)))
    schema = pa.schema([("id", pa.uint64()), ("entries", pa.list_(pa.uint32()))])
    table = pa.concat_tables(pieces).sort_by("id") if pieces else schema.empty_table()
    places, found = places_in(table.column("id").to_numpy(), ids)
    return table.column("entries").combine_chunks().take(pa.array(places, mask=~found))
