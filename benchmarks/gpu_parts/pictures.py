"""Shards of random JPEG pictures with captions, in the layout of curated shards."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from storage.tables.schemas import CURATED


def write_shard(path: Path, rows: int, side: int) -> Path:
    """A shard of `rows` different pictures of `side` pixels: shapes and some noise, about as large as photographs."""
    random = np.random.default_rng(0)
    contents = []
    for _ in range(rows):
        coarse = Image.fromarray(random.integers(0, 256, (12, 12, 3), dtype=np.uint8)).resize((side, side))
        noise = random.normal(0, 8, (side, side, 1))
        pixels = np.clip(np.asarray(coarse) + noise, 0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        contents.append(file.getvalue())
    columns = {
        "id": pa.array(range(rows), pa.uint64()),
        "key": [f"{row:06d}" for row in range(rows)],
        "caption": [f"picture number {row} of things" for row in range(rows)],
        "image": [{"bytes": content, "path": None} for content in contents],
        "label": pa.nulls(rows, pa.int32()),
        "source": ["random"] * rows,
        "weight": np.ones(rows),
        "inclusion": np.ones(rows),
        "multiplicity": pa.array([1] * rows, pa.uint16()),
        "entries": pa.array([[0]] * rows, pa.list_(pa.uint32())),
    }
    arrays = [pa.array(columns[each.name], each.type) for each in CURATED]
    pq.write_table(pa.table(arrays, schema=CURATED), path, row_group_size=256)
    return path
