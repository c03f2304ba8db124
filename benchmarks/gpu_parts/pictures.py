"""Random JPEG pictures with captions, in the layout of curated shards or as tars."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from storage.tables.schemas import CURATED

_DRAWN = 256
"""Pictures that are drawn, at up to 10 ms each. What follows a JPEG's end tells copies apart, and costs nothing."""


def jpegs(rows: int, side: int) -> list[bytes]:
    """Files of different content: shapes and some noise, about as large as photographs of `side` pixels."""
    random = np.random.default_rng(0)
    drawn = []
    for _ in range(min(rows, _DRAWN)):
        coarse = Image.fromarray(random.integers(0, 256, (12, 12, 3), dtype=np.uint8)).resize((side, side))
        noise = random.normal(0, 8, (side, side, 1))
        pixels = np.clip(np.asarray(coarse) + noise, 0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        drawn.append(file.getvalue())
    return [drawn[row % len(drawn)] + row.to_bytes(4, "big") for row in range(rows)]


def caption(row: int) -> str:
    """Of a picture."""
    return f"picture number {row} of things"


def write_shard(path: Path, contents: list[bytes]) -> Path:
    """A curated shard of pictures."""
    rows = len(contents)
    columns = {
        "id": pa.array(range(rows), pa.uint64()),
        "key": [f"{row:06d}" for row in range(rows)],
        "caption": [caption(row) for row in range(rows)],
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


def write_tars(folder: Path, contents: list[bytes], tars: int) -> str:
    """The same pictures and captions in tars of equal size; a pattern of all of them, as webdataset reads it."""
    folder.mkdir()
    for number in range(tars):
        with tarfile.open(folder / f"{number:05d}.tar", "w") as tar:
            for row in range(number, len(contents), tars):
                for ending, content in (("jpg", contents[row]), ("txt", caption(row).encode())):
                    member = tarfile.TarInfo(f"{row:06d}.{ending}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
    return f"{folder}/{{00000..{tars - 1:05d}}}.tar"
