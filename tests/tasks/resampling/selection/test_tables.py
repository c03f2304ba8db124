"""The tables of a selection: sorted by id, nothing with no copies, and weights without matches refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.schemas import ENTRIES, SELECTION, WEIGHTS
from storage.tables.shards import write_table
from tasks.balancing.matrix.incidence import incidence_of
from tasks.resampling.sampling.draw import draw
from tasks.resampling.selection.realised import realise
from tasks.resampling.selection.tables import read_weights, selection_table, with_realised


def write_weights(directory: Path, inclusion: list[float | None]) -> list[Path]:
    """Two shards, ids out of order: 5, 3 and 9, 1."""
    table = pa.table({"id": [5, 3, 9, 1], "weight": [0.5, 1.5, 0.0, 2.0], "inclusion": inclusion}, schema=WEIGHTS)
    paths = [directory / f"weights-{k}.parquet" for k in range(2)]
    for k, path in enumerate(paths):
        write_table(path, table.slice(2 * k, 2))
    return paths


def test_weights_are_read_by_id(tmp_path: Path) -> None:
    found = read_weights(write_weights(tmp_path, [None] * 4))
    assert found.ids.tolist() == [1, 3, 5, 9] and found.weight.tolist() == [2.0, 1.5, 0.5, 0.0]
    assert found.inclusion is None
    known = read_weights(write_weights(tmp_path, [0.5, 0.3, 0.9, 0.1]))
    assert known.inclusion is not None and known.inclusion.tolist() == [0.1, 0.3, 0.5, 0.9]


def test_places_among_the_matches(tmp_path: Path) -> None:
    weights = read_weights(write_weights(tmp_path, [None] * 4))
    among = np.array([0, 1, 3, 4, 5, 9], dtype=np.uint64)
    np.testing.assert_array_equal(among[weights.rows_in(among)], weights.ids)
    for ids in (among[:-1], among[1:][among[1:] != 3], among[:0]):
        with pytest.raises(InputError, match="missing from the matches"):
            weights.rows_in(ids)


def test_a_selection_holds_what_was_drawn(tmp_path: Path) -> None:
    weights = read_weights(write_weights(tmp_path, [None] * 4))
    chosen = draw(weights.ids, weights.weight, method="residual", size=6, seed=0)
    table = selection_table(weights, chosen)
    assert table.schema.equals(SELECTION)
    kept = chosen.multiplicity > 0
    assert table.column("id").to_pylist() == weights.ids[kept].tolist() and 9 not in table.column("id").to_pylist()
    assert table.column("multiplicity").to_pylist() == chosen.multiplicity[kept].tolist()
    assert max(table.column("inclusion").to_pylist()) <= 1.0


def test_realised_fills_its_column_and_no_other() -> None:
    blank = {field.name: pa.nulls(2, field.type) for field in ENTRIES}
    keywords = pa.table({**blank, "entry": pa.array([0, 1], pa.uint32()), "text": ["a", "b"]}, schema=ENTRIES)
    found = realise(incidence_of([[0], [0, 1]], 2), [1, 1], [1, 1], "pairs")
    filled = with_realised(keywords, found)
    np.testing.assert_allclose(filled.column("realised").to_pylist(), [2 / 3, 1 / 3])
    assert filled.drop_columns(["realised"]).equals(keywords.drop_columns(["realised"]))
