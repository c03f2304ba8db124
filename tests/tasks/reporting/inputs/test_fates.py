"""Fates of the pairs, beside a plain computation on whole frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from storage.draws import words
from storage.tables.schemas import MATCHES, SELECTION
from storage.tables.shards import write_table
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.incidence import incidence_of
from tasks.reporting.inputs.fates import Fate, choose

ROWS, SEED = 500, 3
GENERATOR = np.random.default_rng(0)
IDS = GENERATOR.permutation(np.arange(1, ROWS + 1)).astype(np.uint64) * np.uint64(2**40 + 7)
LISTS = [sorted(set(GENERATOR.integers(0, 6, size=GENERATOR.integers(0, 4)).tolist())) for _ in range(ROWS)]
GONE = np.arange(ROWS) % 11 == 0
COPIES = np.where([bool(held) for held in LISTS] & ~GONE, GENERATOR.integers(0, 4, size=ROWS), 0)
FACTORS = np.array([0.25, 0.5, 1.0, 1.5, 2.0, 4.0])
LAW = Law("tilted", "pairs", 1, 2.0, np.log(FACTORS), bounds=(0.0, 1e9))
TITLES = ("Repeated most", "Kept once", "Dropped", "Never matched")


def write(folder: Path, rows: list[np.ndarray]) -> list[tuple[Path, Path]]:
    folder.mkdir()
    found = []
    for number, part in enumerate(rows):
        lists = [None if GONE[row] else LISTS[row] for row in part]
        held = np.flatnonzero(COPIES[part])
        drawn = {
            "id": IDS[part[held]],
            "weight": np.ones(len(held)),
            "inclusion": np.ones(len(held)),
            "multiplicity": pa.array(COPIES[part[held]], pa.uint16()),
            "row": pa.array(held, pa.uint32()),
        }
        paths = tuple(folder / f"{name}-{number}.parquet" for name in ("matches", "selection"))
        write_table(paths[0], pa.table({"id": pa.array(IDS[part]), "entries": lists}, schema=MATCHES))
        write_table(paths[1], pa.table(drawn, schema=SELECTION))
        found.append(paths)
    return found


def plain(count: int) -> dict[str, tuple[int, list[int]]]:
    """Title: how many, and the ids shown, by polars over everything at once."""
    matrix = incidence_of(LISTS, 6)
    weight = LAW.weights(matrix.indptr, matrix.indices)
    draws = {name: words(IDS, seed=SEED, purpose=f"report {name}") for name in ("kept once", "dropped", "unmatched")}
    frame = pl.DataFrame(
        {"id": IDS, "copies": COPIES, "weight": weight, "held": [len(held) for held in LISTS], "gone": GONE, **draws}
    ).filter(~pl.col("gone"))
    repeated = frame.filter(pl.col("copies") > 1).sort(["copies", "weight", "id"], descending=[True, True, False])
    kept = frame.filter(pl.col("copies") == 1).sort("kept once", "id")
    dropped = frame.filter((pl.col("held") > 0) & (pl.col("copies") == 0)).sort("dropped", "id")
    unmatched = frame.filter(pl.col("held") == 0).sort("unmatched", "id")
    each = zip(TITLES, (repeated, kept, dropped, unmatched), strict=True)
    return {title: (len(part), part["id"].head(count).to_list()) for title, part in each}


def told(fates: list[Fate]) -> dict[str, tuple[int, list[int]]]:
    return {fate.title: (fate.total, [row.id for row in fate.rows]) for fate in fates}


@pytest.mark.parametrize("count", [1, 4, 1000])
def test_fates_are_those_of_a_plain_computation_for_any_files_and_order(tmp_path: Path, count: int) -> None:
    for number, cut in enumerate((1, 4, [3, 3, 499])):
        parts = np.array_split(np.arange(ROWS), cut)
        assert told(choose(write(tmp_path / str(number), parts), LAW, count, SEED)) == plain(count)
    backwards = [part[::-1] for part in np.array_split(np.arange(ROWS), 3)][::-1]
    assert told(choose(write(tmp_path / "backwards", backwards), LAW, count, SEED)) == plain(count)


def test_a_row_says_what_became_of_it(tmp_path: Path) -> None:
    places = {int(id_): place for place, id_ in enumerate(IDS)}
    for fate in choose(write(tmp_path / "all", [np.arange(ROWS)]), LAW, 1000, SEED):
        assert fate.total == len(fate.rows) > 0
        for row in fate.rows:
            place = places[row.id]
            assert row.keywords == tuple(LISTS[place]) and row.multiplicity == COPIES[place] and not GONE[place]
            if row.keywords:
                assert row.weight == pytest.approx(np.prod(FACTORS[list(row.keywords)]) / 2.0)
            else:
                assert row.weight is None


def test_without_rows_every_fate_is_empty(tmp_path: Path) -> None:
    fates = choose(write(tmp_path / "none", [np.arange(0)]), LAW, 3, SEED)
    assert [(fate.title, fate.total, fate.rows) for fate in fates] == [(title, 0, ()) for title in TITLES]
