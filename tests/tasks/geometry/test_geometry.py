"""The stage: its tables and its stats, on embeddings with known structure."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.record.manifest import External
from storage.store.workspace import Runtime
from storage.tables.schemas import EDGES, NEIGHBOURS, SELECTION, embeddings_schema
from storage.tables.shards import read_table, write_table
from tasks.geometry.config import GeometryConfig
from tasks.geometry.measure import measure_geometry
from tasks.geometry.shape.uniformity import treg_uniformity
from tasks.geometry.task import geometry
from tasks.geometry.tree.automatic_distance import unlikely_distance
from tasks.geometry.tree.mst import minimum_spanning_tree
from tasks.geometry.tree.near_duplicates import duplicate_groups
from tests.tasks.geometry.conftest import gaussian


def unit(points: np.ndarray) -> np.ndarray:
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def write_embeddings(folder: Path, ids: np.ndarray, vectors: np.ndarray, shards: int = 2) -> External:
    folder.mkdir(parents=True)
    for index, rows in enumerate(np.array_split(np.arange(len(ids)), shards)):
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors[rows].reshape(-1)), vectors.shape[1])
        table = pa.table([pa.array(ids[rows]), flat], schema=embeddings_schema(vectors.shape[1], text=False))
        write_table(folder / f"embeddings-{index:05d}.parquet", table)
    return External(path=folder, fingerprint=str(len(ids)))


@pytest.fixture
def ids() -> np.ndarray:
    return np.random.default_rng(0).permutation(10_000)[:300].astype(np.uint64) + np.uint64(2**63)


@pytest.fixture
def vectors() -> np.ndarray:
    base = unit(gaussian(290, 16))
    return np.concatenate([base, unit(base[:6] + 1e-3 * gaussian(6, 16, 1)), base[:4]])


def test_tables_and_stats(tmp_path: Path, runtime: Runtime, ids: np.ndarray, vectors: np.ndarray) -> None:
    embeddings = write_embeddings(tmp_path / "embeddings", ids, vectors)
    manifest = geometry.run(GeometryConfig(neighbours=5), [embeddings], None, runtime=runtime)
    folder = runtime.store / manifest.name
    edges, near = read_table(folder / "edges.parquet"), read_table(folder / "neighbours.parquet")
    assert edges.schema.equals(EDGES) and near.schema.equals(NEIGHBOURS)
    assert len(edges) == 299 and near["id"].to_pylist() == sorted(ids.tolist())
    assert edges["length"].to_numpy().sum() == pytest.approx(manifest.stats["mst_length"], rel=1e-5)
    assert all(len(row) == 5 for row in near["neighbours"].to_pylist())
    groups = read_table(folder / "duplicates.parquet").to_pylist()
    members = {row["id"]: row["group"] for row in groups}
    for first, second in [(0, 290), (0, 296), (5, 295)]:
        assert members[int(ids[first])] == members[int(ids[second])]
    assert all(group == min(other for other in members if members[other] == group) for group in members.values())
    stats = manifest.stats
    assert (stats["points"], stats["duplicate_groups"], stats["duplicate_rows"], stats["exact_repetitions"]) == (
        300,
        6,
        10,
        4,
    )
    assert stats["certified_fraction"] == 1.0 and stats["exact"] and stats["excess"] is None


def test_a_selection_restricts_and_shards_do_not_matter(
    tmp_path: Path, runtime: Runtime, ids: np.ndarray, vectors: np.ndarray
) -> None:
    rows = [(int(row), 1.0, 1.0, 2) for row in ids[:50]]
    table = pa.table([list(column) for column in zip(*rows, strict=True)], schema=SELECTION)
    (tmp_path / "selection").mkdir()
    write_table(tmp_path / "selection" / "selection.parquet", table)
    selection = External(path=tmp_path / "selection", fingerprint="s")
    one = write_embeddings(tmp_path / "one", ids, vectors)
    other = write_embeddings(tmp_path / "other", ids[::-1], vectors[::-1].copy(), shards=5)
    results = [geometry.run(GeometryConfig(), [source], selection, runtime=runtime) for source in (one, other)]
    assert results[0].stats["points"] == 50 and results[0].digest == results[1].digest


def test_unusable_embeddings_are_named(tmp_path: Path, runtime: Runtime, ids: np.ndarray, vectors: np.ndarray) -> None:
    embeddings = write_embeddings(tmp_path / "embeddings", ids, vectors)
    with pytest.raises(InputError, match="no text embeddings"):
        geometry.run(GeometryConfig(modality="text"), [embeddings], None, runtime=runtime)
    with pytest.raises(InputError, match="more than once"):
        geometry.run(GeometryConfig(), [embeddings, embeddings], None, runtime=runtime)
    with pytest.raises(InputError, match="no embeddings"):
        geometry.run(GeometryConfig(), [External(path=tmp_path, fingerprint="")], None, runtime=runtime)


def test_groups_are_single_linkage() -> None:
    from scipy.cluster.hierarchy import fcluster, linkage

    points = gaussian(200, 2)
    groups = duplicate_groups(minimum_spanning_tree(points), 0.15)
    flat = fcluster(linkage(points.astype(np.float64)), 0.15, "distance")
    sizes = np.bincount(flat)
    assert groups.positions.tolist() == np.flatnonzero(sizes[flat] > 1).tolist()
    assert groups.groups == (sizes > 1).sum()
    for position, first in zip(groups.positions, groups.group, strict=True):
        assert first == np.flatnonzero(flat == flat[position])[0]


def test_the_regular_simplex_is_uniform() -> None:
    d = 7
    simplex = np.eye(d + 1) - 1 / (d + 1)
    simplex /= np.linalg.norm(simplex, axis=1, keepdims=True)
    length = minimum_spanning_tree(simplex.astype(np.float32)).length
    assert length == pytest.approx(d * np.sqrt(2 * (d + 1) / d), rel=1e-6)
    assert treg_uniformity(length, d + 1, d) == pytest.approx(d / (d + 1), rel=1e-6)


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


def test_the_default_distance_is_bounded() -> None:
    assert unlikely_distance(np.zeros(5), 3.0) == 0 and unlikely_distance(np.array([]), None) == 0
    lengths = np.array([0.0, 0.2, 0.2, 0.2])
    assert unlikely_distance(lengths, None) == pytest.approx(0.05) == unlikely_distance(lengths, 50.0)
    assert unlikely_distance(lengths, 1.0) == pytest.approx(0.2 * 1e-3 / np.log(4))
    assert unlikely_distance(lengths * 10, None) == 0.1
