"""What is measured on one set of vectors."""

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from tasks.geometry.config import GeometryConfig
from tasks.geometry.measure import measure_geometry, shape
from tests.tasks.geometry.conftest import gaussian, true_length, unit


@pytest.mark.parametrize("crowding", [1.0, 0.05])
@pytest.mark.parametrize("d", [3, 8])
def test_the_default_distance_finds_copies_and_little_else(d: int, crowding: float) -> None:
    """Whether an encoder spreads its vectors or crowds them, thirty copies are found, and chance neighbours are not."""
    rng = np.random.default_rng(d)
    base = unit(np.concatenate([crowding * gaussian(1_500, d, 5), np.ones((1_500, 1))], axis=1))
    copies = base[:30] + 1e-4 * crowding * rng.standard_normal((30, d + 1)).astype(np.float32)
    vectors = np.concatenate([base, unit(copies)])
    found = measure_geometry(np.arange(1_530, dtype=np.uint64), vectors, GeometryConfig(diversity_size=16))
    groups = found.tables["duplicates.parquet"].to_pylist()
    members = {row["id"]: row["group"] for row in groups}
    assert all(members.get(1_500 + copy) == members[copy] for copy in range(30))
    assert 60 <= len(groups) <= 70 and 0 < found.stats["duplicate_distance"] <= 0.1


def test_stats_are_those_of_the_tables() -> None:
    ids, vectors = np.arange(40, dtype=np.uint64) * np.uint64(3), unit(gaussian(40, 6))
    found = measure_geometry(ids, vectors, GeometryConfig(neighbours=4, diversity_size=16))
    assert found.stats["mst_length"] == pytest.approx(true_length(vectors), rel=1e-6)
    assert found.stats["intrinsic_dimension"] is None and found.stats["renyi_entropy"] is None  # too few points
    near = found.tables["neighbours.parquet"]
    squared = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    assert near["neighbours"].to_pylist() == (ids[np.argsort(squared, axis=1)[:, 1:5]]).tolist()


def test_a_selection_measures_each_row_once_and_unknown_rows_not() -> None:
    ids, vectors = np.arange(40, dtype=np.uint64), unit(gaussian(40, 6))
    chosen = pa.table({"id": pa.array([30, 2, 99, 17], pa.uint64()), "multiplicity": [1, 3, 2, 1]})
    found = measure_geometry(ids, vectors, GeometryConfig(diversity_size=16), chosen)
    assert found.stats["points"] == 3 and found.tables["neighbours.parquet"]["id"].to_pylist() == [2, 17, 30]
    assert found.stats["diversity"]["measured"]["size"] == 5  # 1 + 3 + 1 copies
    with pytest.raises(InputError, match="at least 2"):
        measure_geometry(ids, vectors, GeometryConfig(), chosen.slice(0, 1))


def test_the_shape_of_a_circle() -> None:
    angle = np.random.default_rng(0).random(600) * 2 * np.pi
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    found = shape(circle)
    assert round(found["intrinsic_dimension"]["estimate"]) == 1 and found["intrinsic_dimension"]["points"] == 600
