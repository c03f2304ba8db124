"""Curated rows to export, and tars read back by webdataset."""

import io
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import webdataset
from PIL import Image

from storage.tables.schemas import CURATED
from storage.tables.shards import ShardWriter


def picture(value: int, form: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (value, 0, 0)).save(stream, form)
    return stream.getvalue()


def row(number: int, **other: object) -> dict[str, object]:
    return {
        "id": number,
        "key": f"{number:032x}",
        "caption": f"caption {number}",
        "image": {"bytes": picture(number % 256), "path": f"../../{number}.jpg"},
        "label": None,
        "source": "test",
        "weight": 1.0,
        "inclusion": None,
        "multiplicity": 1,
        "entries": [0],
    } | other


def tables(rows: Sequence[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=CURATED)


def curated(directory: Path, rows: Sequence[dict[str, object]], rows_per_shard: int = 7) -> list[Path]:
    directory.mkdir(exist_ok=True)
    with ShardWriter(directory, "curated", CURATED, rows_per_shard=rows_per_shard) as writer:
        writer.write(tables(rows))
    return writer.paths


def samples(files: Sequence[Path]) -> list[dict[str, bytes]]:
    urls = [str(file) for file in files]
    return list(webdataset.WebDataset(urls, shardshuffle=False))
