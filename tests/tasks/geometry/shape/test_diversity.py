"""Diversity at equal size, and densities of concepts."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.tables.schemas import MATCHES
from storage.tables.shards import write_table
from tasks.geometry.shape.concept_density import concept_density, density_of_matches
from tasks.geometry.shape.diversity import diversity
from tests.tasks.geometry.conftest import gaussian


@pytest.fixture
def ids() -> np.ndarray:
    return np.arange(400, dtype=np.uint64) * np.uint64(7919)


def test_thinning_a_crowd_makes_a_data_set_more_diverse(ids: np.ndarray) -> None:
    crowded = np.arange(400) % 4 != 0
    vectors = np.where(crowded[:, None], 0.05 * gaussian(400, 5), gaussian(400, 5, 1)).astype(np.float32)
    thinned = np.where(crowded & (np.arange(400) > 60), 0, 1)
    whole = diversity(ids, vectors, size=60)
    even = diversity(ids, vectors, size=60, multiplicity=thinned)
    assert even.mean_edge > whole.mean_edge + 2 * (even.standard_error + whole.standard_error)
    copied = diversity(ids, vectors, size=60, multiplicity=5 * thinned)
    assert copied.mean_edge < even.mean_edge and copied.repeated > 0.05 and (copied.size, copied.draws) == (60, 8)


def test_draws_do_not_depend_on_the_order_of_rows(ids: np.ndarray) -> None:
    vectors = gaussian(400, 6)
    turned = diversity(ids[::-1], vectors[::-1].copy(), size=50, multiplicity=np.full(400, 2))
    straight = diversity(ids, vectors, size=50, multiplicity=np.full(400, 2))
    assert turned.mean_edge == pytest.approx(straight.mean_edge, rel=1e-9)
    with pytest.raises(ValueError, match="cannot draw"):
        diversity(ids, vectors, size=500)


def test_whole_numbers_and_lists_are_rows_too(ids: np.ndarray) -> None:
    whole = np.random.default_rng(0).integers(0, 9, (400, 3))
    expected = diversity(ids, whole.astype(np.float32), size=30, draws=2)
    assert diversity(ids.tolist(), whole.tolist(), size=30, draws=2, multiplicity=[1] * 400) == expected
    assert diversity(ids.astype(np.int64), whole, size=np.int64(30), draws=2, multiplicity=np.ones(400)) == expected
    for wrong in (np.full(400, 1.5), np.full(400, -1)):  # the former was cut to 1 without a word
        with pytest.raises(ValueError, match="whole numbers"):
            diversity(ids, whole, size=30, multiplicity=wrong)
    for options in ({"size": 0}, {"size": 3, "draws": 0}):
        with pytest.raises(ValueError, match="at least one draw"):
            diversity(ids, whole, **options)


def test_all_rows_drawn_is_the_whole_tree(ids: np.ndarray) -> None:
    from tests.tasks.geometry.conftest import true_length

    vectors = gaussian(400, 6)
    found = diversity(ids, vectors, size=400, draws=2)
    assert found.mean_edge == pytest.approx(true_length(vectors) / 400, rel=1e-6) and found.standard_error == 0


def test_density_of_concepts(tmp_path: Path, ids: np.ndarray) -> None:
    radius = np.where(np.arange(400) < 100, 0.5, 2.0)
    radius[:10] = 0.0
    rows = np.arange(400)
    table = concept_density(radius, rows, np.where(rows < 10, 3, np.where(rows < 100, 1, 2)), dimension=2.0)
    found = {row["entry"]: row for row in table.to_pylist()}
    assert found[1]["median_radius"] == 0.5 and found[1]["relative_log_density"] == pytest.approx(2 * np.log(4))
    assert found[2]["relative_log_density"] == 0 and found[3]["relative_log_density"] is None
    lists = concept_density([1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4], [1] * 5, 2)
    assert lists.to_pylist()[0]["relative_log_density"] == pytest.approx(2 * np.log(3.5 / 3))
    entries = [[5, 7] if row < 100 else [7] if row < 390 else [] for row in range(400)]
    write_table(tmp_path / "matches-00000.parquet", pa.table([ids[::-1], entries[::-1]], schema=MATCHES))
    near = pa.table({"id": ids, "distances": pa.array([[0.0, float(r)] for r in radius], pa.list_(pa.float32()))})
    table = density_of_matches(near, [tmp_path / "matches-00000.parquet"], 1.0)
    assert table["entry"].to_pylist() == [5, 7] and table["rows"].to_pylist() == [100, 390]
