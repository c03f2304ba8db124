"""Choosing rows file by file: those that `draw` takes of the whole, counted in whole numbers, without bias."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from storage.draws import words
from storage.tables.schemas import MATCHES, SELECTION
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.match_stream import as_block
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.expectation import Expectation
from tasks.resampling.sampling.subset import largest_word, subset
from tasks.resampling.selection.choose import UNIT, Drawing, Tally, count_copies, rows_of, thin
from tests.tasks.balancing.examples import dense, random_matrix
from tests.tasks.resampling.sampling.examples import some_ids

COLUMNS = 12
MATRIX = random_matrix(500, COLUMNS, 6, empty=True)
IDS = some_ids(500)
GONE = set(range(0, 500, 60))
LAW = Law("tilted", "pairs", 1, 0.9, np.log(np.linspace(0.3, 2.0, COLUMNS)), bounds=(0.0, 4.0))


def matches(start: int = 0, stop: int = 500) -> pa.Table:
    lists = [None if row in GONE else MATRIX.keywords_of(row).tolist() for row in range(start, stop)]
    return pa.table({"id": pa.array(IDS[start:stop]), "entries": lists}, schema=MATCHES)


def tally() -> Tally:
    return Tally(np.zeros(COLUMNS, np.int64), np.zeros(COLUMNS, np.int64))


def drawing(method: str, seed: int = 0, drawn: pa.Table | None = None) -> Drawing:
    limit = 1.0 if method == "poisson" else 3.0
    return Drawing(LAW, Expectation(0.8, limit, False, LAW.mean, 300), method, seed, drawn)


def whole_draw(method: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Copies and expectations of all rows, by `draw`."""
    block = as_block(matches().column("entries"))
    mass = LAW.mass(block.indptr, block.indices)
    limit = 1.0 if method == "poisson" else 3.0
    expected = np.minimum(limit, mass * (0.8 / LAW.mean))
    found = draw(IDS, mass, method=method, size=None, seed=seed, inclusion=expected)
    return found.multiplicity, expected


@pytest.mark.parametrize("method", ["poisson", "residual"])
@pytest.mark.parametrize("cuts", [(), (1, 250), tuple(range(50, 500, 50))])
def test_rows_are_those_of_draw_for_any_files(method: str, cuts: tuple[int, ...]) -> None:
    counted, tables = tally(), []
    for start, stop in zip((0, *cuts), (*cuts, 500)):
        table = drawing(method, 4).choose(matches(start, stop), counted)
        assert table.schema.equals(SELECTION)
        assert table.column("id").to_pylist() == IDS[start + table.column("row").to_numpy()].tolist()
        tables.append(table)
    copies, expected = whole_draw(method, 4)
    held = np.flatnonzero(copies)
    found = pa.concat_tables(tables)
    assert found.column("id").to_pylist() == IDS[held].tolist() and not GONE & set(held.tolist())
    assert found.column("multiplicity").to_pylist() == copies[held].tolist()
    np.testing.assert_array_equal(found.column("inclusion").to_numpy(), np.minimum(expected, 1)[held])
    block = as_block(matches().column("entries"))
    np.testing.assert_array_equal(
        found.column("weight").to_numpy(), (LAW.mass(block.indptr, block.indices) / LAW.mean)[held]
    )
    check(counted, copies)


def check(counted: Tally, copies: np.ndarray) -> None:
    """The tally beside numpy on the dense matrix."""
    table, wide = dense(MATRIX), copies.astype(np.int64)
    degrees = np.maximum(MATRIX.degrees, 1)
    np.testing.assert_array_equal(counted.counts, table.T.astype(np.int64) @ wide)
    share = (2 * wide * UNIT + degrees) // (2 * degrees)
    np.testing.assert_array_equal(counted.split, table.T.astype(np.int64) @ share)
    np.testing.assert_allclose(counted.split / UNIT, table.T @ (wide / degrees), rtol=1e-6)
    assert (counted.size, counted.distinct) == (wide.sum(), (wide > 0).sum())
    assert (counted.squares, counted.largest) == ((wide**2).sum(), wide.max())


def test_counts_of_any_copies_are_whole_numbers() -> None:
    copies = np.random.default_rng(1).integers(0, 65_536, size=500).astype(np.uint16)
    counted = tally()
    for start, stop in ((0, 123), (123, 500)):
        part = MATRIX.take(np.arange(start, stop))
        table = pa.table({"entries": [part.keywords_of(row).tolist() for row in range(stop - start)]})
        counted.add(as_block(table.column("entries").cast(pa.list_(pa.uint32()))), copies[start:stop])
    check(counted, copies)
    counts, split = np.zeros(3, np.int64), np.zeros(3, np.int64)
    count_copies(np.array([0, 3, 3]), np.array([0, 1, 2], np.uint32), np.array([1, 5], np.uint16), counts, split)
    assert counts.tolist() == [1, 1, 1] and split.tolist() == [(UNIT + 1) // 3] * 3


@pytest.mark.parametrize("method", ["poisson", "residual"])
def test_no_caption_is_favoured(method: str) -> None:
    """Over many seeds, copies average to their expectations."""
    runs, total = 2000, np.zeros(500)
    for seed in range(runs):
        found = drawing(method, seed).choose(matches(), tally())
        total[found.column("row").to_numpy()] += found.column("multiplicity").to_numpy()
    _, expected = whole_draw(method, 0)
    spread = np.sqrt(np.maximum(expected, 1e-3) / runs)
    assert (np.abs(total / runs - expected) <= 5 * spread).all()


def test_copies_that_were_drawn_together_are_looked_up() -> None:
    order = np.argsort(IDS)
    picked = order[[3, 40, 77, 498]]
    columns = [pa.array(IDS[picked]), pa.array([1, 2, 7, 3], pa.uint16()), pa.array([0.1, 0.2, 0.3, 0.4])]
    together = pa.table(columns, names=["id", "multiplicity", "inclusion"])
    counted = tally()
    parts = [drawing("systematic", 0, together).choose(matches(*ends), counted) for ends in ((0, 200), (200, 500))]
    found = pa.concat_tables(parts).sort_by("id")
    for name in ("id", "multiplicity", "inclusion"):
        assert found.column(name).to_pylist() == together.column(name).to_pylist()
    assert (counted.size, counted.distinct, counted.largest) == (13, 4, 7)


@pytest.mark.parametrize("cuts", [(), (7, 300)])
def test_a_thinned_table_is_the_subset_of_what_is_left(cuts: tuple[int, ...]) -> None:
    alive = np.array([row for row in range(500) if row not in GONE])
    limit = largest_word(lambda: [IDS[alive]], 90, seed=3)
    parts = [
        thin(matches(start, stop), seed=3, limit=limit, share=90 / 491) for start, stop in zip((0, *cuts), (*cuts, 500))
    ]
    found = pa.concat_tables(parts)
    assert found.column("id").to_pylist() == IDS[alive[subset(IDS[alive], 90, seed=3)]].tolist()
    assert set(found.column("weight").to_pylist()) == {1.0} and found.schema.equals(SELECTION)
    assert (words(found.column("id").to_numpy(), seed=3, purpose="subsample") <= np.uint64(limit)).all()


def test_lists_need_not_be_read_to_thin_where_no_row_is_gone() -> None:
    table = pa.table({"id": pa.array(IDS), "entries": pa.array([[]] * len(IDS), pa.list_(pa.uint32()))})
    found = [thin(each, seed=3, limit=2**62, share=0.25) for each in (table, table.select(["id"]))]
    assert found[0].equals(found[1]) and 0 < found[0].num_rows < len(IDS)


def test_rows_without_copies_are_left_out() -> None:
    found = rows_of(IDS[:3], np.ones(3), np.full(3, 0.5), np.array([0, 2, 0], dtype=np.uint16))
    assert found.to_pylist() == [
        {"id": int(IDS[1]), "weight": 1.0, "inclusion": 0.5, "multiplicity": 2, "row": 1},
    ]
