"""How densely each keyword's rows lie: crowded keywords repeat themselves, sparse ones are diverse or mislabelled."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.lookup import places_in
from storage.tables.shards import iter_batches

DENSITY = pa.schema(
    [
        ("entry", pa.uint32()),
        ("rows", pa.uint64()),
        ("median_radius", pa.float64()),
        ("relative_log_density", pa.float64()),
    ]
)


def concept_density(
    radius: npt.ArrayLike, rows: npt.ArrayLike, entries: npt.ArrayLike, dimension: float, *, fewest: int = 5
) -> pa.Table:
    """Local density of every keyword with at least `fewest` rows, in the `DENSITY` schema, by keyword.

    Its `median_radius` is over the keyword's rows. Its `relative_log_density` is
    `−dimension · log(median_radius / median over all rows)`, natural log: how much more crowded than the data set,
    by the k-nearest-neighbour density estimate; null where the radius is 0.

    Args:
        radius: distance to the k-th neighbour of each of n rows, `[n]`, 0 for exact repetitions.
        rows: of pairs (row, keyword), positions in `radius`, `[m]`.
        entries: of the same pairs, numbers of keywords, `[m]`.
        dimension: of the set that the rows lie on.
        fewest: rows that a keyword needs.
    """
    radius, rows, entries = np.asarray(radius, np.float64), np.asarray(rows, np.int64), np.asarray(entries, np.int64)
    overall = float(np.median(radius)) if len(radius) else 0.0
    order = np.argsort(entries, kind="stable")
    named, starts, counts = np.unique(entries[order], return_index=True, return_counts=True)
    kept = np.flatnonzero(counts >= fewest)
    medians = np.array([np.median(radius[rows[order[starts[i] : starts[i] + counts[i]]]]) for i in kept])
    positive = (medians > 0) & (overall > 0)
    with np.errstate(divide="ignore"):
        density = -dimension * np.log(np.where(positive, medians, 1.0) / (overall or 1.0))
    columns = [
        pa.array(named[kept].astype(np.uint32)),
        pa.array(counts[kept].astype(np.uint64)),
        pa.array(medians, pa.float64()),
        pa.array(density, pa.float64(), mask=~positive),
    ]
    return pa.table(columns, schema=DENSITY)


def density_of_matches(near: pa.Table, matches: Sequence[Path], dimension: float) -> pa.Table:
    """`concept_density` of matched rows among the rows `near` (columns id, distances, as in `neighbours.parquet`)."""
    ids = near["id"].to_numpy()
    order = np.argsort(ids, kind="stable")
    radius = _last(near["distances"].combine_chunks())
    rows, entries = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for batch in iter_batches(list(matches), ["id", "entries"]):
        counts = pc.list_value_length(batch.column("entries")).fill_null(0).to_numpy(zero_copy_only=False)
        own = np.repeat(batch.column("id").to_numpy(), counts)
        named = pc.list_flatten(batch.column("entries")).to_numpy()
        places, known = places_in(ids[order], own)
        rows.append(order[places[known]])
        entries.append(named[known].astype(np.int64))
    return concept_density(radius, np.concatenate(rows), np.concatenate(entries), dimension)


def _last(lists: pa.ListArray) -> np.ndarray:
    """The last element of every list, float64 `[n]`; 0 for an empty list."""
    ends = lists.offsets.to_numpy()[1:]
    values = np.concatenate([[0.0], lists.values.to_numpy().astype(np.float64)])
    return np.where(np.diff(lists.offsets.to_numpy()) > 0, values[ends], 0.0)
