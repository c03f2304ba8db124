"""The stage: its tables and its stats, on embeddings with known structure."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.record.external import external
from storage.record.manifest import External
from storage.store.workspace import Runtime
from storage.tables.schemas import EDGES, NEIGHBOURS, SELECTION, embeddings_schema
from storage.tables.shards import read_table, write_table
from tasks.geometry.config import GeometryConfig
from tasks.geometry.task import geometry
from tests.paths import ROOT
from tests.tasks.geometry.conftest import gaussian, unit


def write_embeddings(folder: Path, ids: np.ndarray, vectors: np.ndarray, shards: int = 2) -> External:
    folder.mkdir(parents=True)
    for index, rows in enumerate(np.array_split(np.arange(len(ids)), shards)):
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors[rows].reshape(-1)), vectors.shape[1])
        table = pa.table([pa.array(ids[rows]), flat], schema=embeddings_schema(vectors.shape[1], text=False))
        write_table(folder / f"embeddings-{index:05d}.parquet", table)
    return external(folder, folder.parent)


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
    rows = [(int(id_), 1.0, 1.0, 2, place) for place, id_ in enumerate(ids[:50])]
    table = pa.table([list(column) for column in zip(*rows, strict=True)], schema=SELECTION)
    folders = [tmp_path / f"selection {group}" for group in range(2)]
    for folder, part in zip(folders, (table.slice(0, 20), table.slice(20)), strict=True):
        folder.mkdir()
        write_table(folder / "selection-00000.parquet", part)
    groups = [external(folder, tmp_path) for folder in folders]
    one = write_embeddings(tmp_path / "one", ids, vectors)
    other = write_embeddings(tmp_path / "other", ids[::-1], vectors[::-1].copy(), shards=5)
    results = [geometry.run(GeometryConfig(), [source], groups, runtime=runtime) for source in (one, other)]
    assert results[0].stats["points"] == 50 and results[0].digest == results[1].digest


def test_unusable_embeddings_are_named(tmp_path: Path, runtime: Runtime, ids: np.ndarray, vectors: np.ndarray) -> None:
    embeddings = write_embeddings(tmp_path / "embeddings", ids, vectors)
    with pytest.raises(InputError, match="no text embeddings"):
        geometry.run(GeometryConfig(modality="text"), [embeddings], None, runtime=runtime)
    with pytest.raises(InputError, match="more than once"):
        geometry.run(GeometryConfig(), [embeddings, embeddings], None, runtime=runtime)
    with pytest.raises(InputError, match="no embeddings"):
        geometry.run(GeometryConfig(), [External(path=tmp_path, fingerprint="")], None, runtime=runtime)


def test_declaring_the_stages_loads_nothing_large() -> None:
    heavy = "{'numba', 'scipy', 'torch', 'prefect', 'matplotlib', 'sklearn', 'transformers', 'open_clip', 'faiss'}"
    script = f"import sys, tasks.geometry.task, tasks.geometry.config; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
