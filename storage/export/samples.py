"""Curated rows on their way out: complete samples, or rejections with a reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from storage.tables.references import content_of
from storage.tables.schemas import CONCEPTS, KEPT, REJECTED, SCORES
from storage.tables.shards import open_shard

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
    scores: Mapping[str, float | None] | None = None
    kept: Mapping[str, str | None] | None = None
    concepts: Sequence[Mapping[str, object]] | None = None

    def described(self, facts: Mapping[str, object]) -> dict[str, object]:
        """Facts for a JSON object, and what the sample carries beside them.

        Scores and kept texts have their own names; those that are names of facts stand in objects `scores` and `kept`.
        """
        found = dict(facts)
        for column, values in ((SCORES, self.scores), (KEPT, self.kept)):
            held = dict(values or {})
            if clashing := {name: value for name, value in held.items() if name in found}:
                found[column] = clashing
            found |= {name: value for name, value in held.items() if name not in found}
        return found if self.concepts is None else {**found, CONCEPTS: [dict(each) for each in self.concepts]}


@dataclass(frozen=True)
class Rejection:
    """A row that an export cannot hold."""

    key: str
    reason: Literal["missing image", "unsupported image format", "empty caption", "no embedding"]
    detail: str


def read_samples(path: Path, rows: npt.NDArray[np.int64]) -> Iterator[Sample | Rejection]:
    """Rows of one curated shard by their places, `[k]` ascending, each whole or with the reason why it cannot go out.

    Only row groups that hold one of them are read, a few rows at a time.
    """
    held = pq.read_schema(path).names
    carried = [name for name in (SCORES, KEPT, CONCEPTS) if name in held]
    for batch in read_rows(path, rows, [*_COLUMNS, *carried]):
        for row in batch.to_pylist():
            yield _sample(row)


def read_rows(
    path: Path, rows: npt.NDArray[np.int64], columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Rows of one Parquet file by their places, `[k]` ascending, in batches of at most `ROWS`."""
    with open_shard(path) as file:
        first = 0
        for group in range(file.num_row_groups):
            end = first + file.metadata.row_group(group).num_rows
            if _between(rows, first, end).size:
                for batch in file.iter_batches(ROWS, row_groups=[group], columns=list(columns) if columns else None):
                    here = _between(rows, first, first + batch.num_rows)
                    if len(here) == batch.num_rows:
                        yield batch
                    elif len(here):
                        yield batch.take(pa.array(here - first))
                    first += batch.num_rows
            first = end


def rejected_table(rejected: Sequence[Rejection]) -> pa.Table:
    """Refused rows in the `REJECTED` schema."""
    rows = [{"key": row.key, "reason": row.reason, "detail": row.detail} for row in rejected]
    return pa.Table.from_pylist(rows, schema=REJECTED)


def _between(rows: npt.NDArray[np.int64], first: int, end: int) -> npt.NDArray[np.int64]:
    return rows[np.searchsorted(rows, first) : np.searchsorted(rows, end)]


def _sample(row: Mapping[str, object]) -> Sample | Rejection:
    fields = dict(row)
    image, key, caption = (fields.pop("image") or {}), str(row["key"]), str(row["caption"])
    content = content_of(image) if isinstance(image, dict) else None
    if not content:
        return Rejection(key, "missing image", "the row holds no image bytes")
    if not caption.strip():
        return Rejection(key, "empty caption", "nothing but white space")
    extension = _extension(content)
    if extension is None:
        return Rejection(key, "unsupported image format", f"begins with {content[:8].hex(' ')}")
    return Sample(image=content, extension=extension, **fields)  # type: ignore[arg-type]


def _extension(image: bytes) -> Literal["jpg", "png", "webp"] | None:
    if image.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "webp"
    return None
