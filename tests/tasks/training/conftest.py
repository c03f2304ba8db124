"""Small data sets of coloured squares with captions, written as the stages would."""

import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from torch import nn

from storage.record.manifest import Manifest, to_sealed_json
from storage.store.publish import describe_files
from storage.store.workspace import Runtime
from storage.tables.ids import row_ids
from storage.tables.schemas import PAIRS, embeddings_schema
from storage.tables.shards import write_table
from tasks.embedding.models.architecture import Architecture
from tasks.training.config import HeadsConfig, ScheduleConfig, TrainingConfig
from tasks.training.data.embeddings import EmbeddingSet, read_embeddings

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 50, 220), "white": (240, 240, 240)}


def png(colour: tuple[int, int, int], size: int = 32, noise: int = 0) -> bytes:
    """A picture of one colour, slightly uneven."""
    pixels = np.full((size, size, 3), colour, dtype=np.int16)
    pixels += np.random.default_rng(noise).integers(-15, 16, pixels.shape, dtype=np.int16)
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, format="PNG")
    return file.getvalue()


def pairs_table(rows: int, source: str = "squares") -> pa.Table:
    """`rows` pairs of a coloured square and its caption."""
    names = list(COLOURS)
    keys = [f"{row:04d}" for row in range(rows)]
    images = [{"bytes": png(COLOURS[names[row % 4]], noise=row), "path": None} for row in range(rows)]
    captions = [f"a {names[row % 4]} square number {row % 7}" for row in range(rows)]
    columns = [row_ids(source, keys), keys, captions, images, [row % 4 for row in range(rows)], [source] * rows]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, PAIRS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=PAIRS)


def publish(runtime: Runtime, stage: str, key: str, tables: dict[str, pa.Table]) -> Manifest:
    """A stage's output in the store, without running the stage."""
    directory = runtime.store / stage / key
    directory.mkdir(parents=True)
    for name, table in tables.items():
        write_table(directory / name, table)
    manifest = Manifest(
        stage=stage,
        key=key,
        digest=f"digest-{key}",
        files=describe_files(directory),
        code="",
        created=datetime.now(UTC),
    )
    (directory / "manifest.json").write_text(to_sealed_json(manifest))
    return manifest


@pytest.fixture
def squares(tmp_path: Path) -> list[Path]:
    """Two shards of pairs."""
    table = pairs_table(48)
    paths = [tmp_path / "pairs-00000.parquet", tmp_path / "pairs-00001.parquet"]
    write_table(paths[0], table.slice(0, 20))
    write_table(paths[1], table.slice(20))
    return paths


@pytest.fixture
def squares_manifest(runtime: Runtime) -> Manifest:
    """The same, as an ingest stage's output."""
    return publish(runtime, "ingest", "squares", {"pairs-00000.parquet": pairs_table(48)})


def embeddings_table(rows: int, dimension: int = 24, seed: int = 0) -> pa.Table:
    """Image and text embeddings that share a signal."""
    generator = np.random.default_rng(seed)
    signal = generator.standard_normal((rows, 6)) @ generator.standard_normal((6, dimension))
    columns = [row_ids("vectors", [str(row) for row in range(rows)])]
    for _ in range(2):
        vectors = (signal + 0.1 * generator.standard_normal((rows, dimension))).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        columns.append(pa.FixedSizeListArray.from_arrays(vectors.ravel(), dimension))
    return pa.Table.from_arrays([pa.array(columns[0]), *columns[1:]], schema=embeddings_schema(dimension))


TINY = TrainingConfig(
    steps=6, batch=12, architecture=Architecture(name="equipoise-tiny-vit"), schedule=ScheduleConfig(warmup=2)
)

HEADS = HeadsConfig(steps=40, batch=16, hidden=32, outputs=8, logit_scale=20, checkpoint_every=5)


@pytest.fixture
def examples(tmp_path: Path) -> EmbeddingSet:
    """Embeddings of 80 rows."""
    write_table(tmp_path / "embeddings-00000.parquet", embeddings_table(80))
    return read_embeddings([tmp_path / "embeddings-00000.parquet"], None)


def state_bytes(module: nn.Module) -> list[bytes]:
    """A module's parameters and buffers, to be compared bit by bit."""
    return [tensor.numpy().tobytes() for tensor in module.state_dict().values()]
