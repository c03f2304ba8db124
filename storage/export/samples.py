"""Curated rows on their way out: complete samples, or rejections with a reason."""

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from storage.tables.schemas import REJECTED
from storage.tables.shards import iter_batches, read_table, write_table

ROWS = 256  # images in memory at once
_COLUMNS = ("id", "key", "caption", "image", "label", "source", "weight", "inclusion", "multiplicity")


@dataclass(frozen=True)
class Sample:
    """One copy of a curated pair, its image whole and of a known format."""

    id: int
    key: str
    caption: str
    image: bytes
    extension: Literal["jpg", "png", "webp"]
    label: int | None
    source: str
    weight: float | None
    inclusion: float | None
    multiplicity: int


@dataclass(frozen=True)
class Rejection:
    """A row that an export cannot hold."""

    key: str
    reason: Literal["missing image", "unsupported image format", "empty caption"]
    detail: str


@dataclass(frozen=True)
class Export:
    """What an exporter wrote: data files in order, rows over all of them (copies counted), rows it had to leave out."""

    files: tuple[Path, ...]
    rows: int
    rejected: int


def read_samples(paths: Sequence[Path], rejected: list[Rejection], *, copies: bool = True) -> Iterator[Sample]:
    """Every copy of every row: first each row once, in the order of the shards, then each second copy, and so on.

    So the copies of a row lie far apart, and a batch of a trainer seldom holds two. Memory is bounded by a few rows.
    Rows without a usable image or caption are added to `rejected`, once. With `copies` off each row comes once.
    """
    most = [_most(path) if copies else 1 for path in paths]
    for copy in range(max(most, default=0)):
        for path, highest in zip(paths, most, strict=True):
            if highest > copy:
                yield from _read_copy(path, copy, rejected)


def _most(path: Path) -> int:
    return pc.max(read_table(path, columns=["multiplicity"])["multiplicity"]).as_py() or 0


def _read_copy(path: Path, copy: int, rejected: list[Rejection]) -> Iterator[Sample]:
    for batch in iter_batches(path, columns=_COLUMNS, rows=ROWS):
        for row in batch.filter(pc.greater(batch["multiplicity"], copy)).to_pylist():
            sample = _sample(row)
            if isinstance(sample, Sample):
                yield sample
            elif copy == 0:
                rejected.append(sample)


def _sample(row: dict) -> Sample | Rejection:
    image = (row.pop("image") or {}).get("bytes")
    if not image:
        return Rejection(row["key"], "missing image", "the row holds no image bytes")
    if not row["caption"].strip():
        return Rejection(row["key"], "empty caption", "nothing but white space")
    extension = _extension(image)
    if extension is None:
        return Rejection(row["key"], "unsupported image format", f"begins with {image[:8].hex(' ')}")
    return Sample(image=image, extension=extension, **row)


def _extension(image: bytes) -> Literal["jpg", "png", "webp"] | None:
    if image.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "webp"
    return None


@contextmanager
def fresh_directory(directory: Path) -> Iterator[Path]:
    """A temporary directory that becomes `directory` at the end, or vanishes on an error.

    Raises `InputError` where there is something at `directory` already.
    """
    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise InputError(f"{directory} exists already; name another target, or remove it first")
    temporary = directory.with_name(f".{directory.name}.{uuid.uuid4().hex}.tmp")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.replace(directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_rejected(directory: Path, rejected: Sequence[Rejection]) -> None:
    """`rejected.parquet`, also where it is empty."""
    rows = [{"key": row.key, "reason": row.reason, "detail": row.detail} for row in rejected]
    write_table(directory / "rejected.parquet", pa.Table.from_pylist(rows, schema=REJECTED))
