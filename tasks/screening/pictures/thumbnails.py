"""Thumbnails of the pictures in Parquet files, and the files' own pictures again where they are to be shown."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from tasks.arrays import Int64s, Integers, Pixels
from tasks.embedding.pictures.decoding import Undecodable, decode_image
from tasks.embedding.pictures.pixels import ENOUGH, thumbnail
from tasks.ordered_map import ordered_map
from tasks.screening.pictures.alignment import SIDE

ROWS = 1_024


@dataclass(frozen=True)
class Pictures:
    """The readable pictures of some files, n of them.

    Attributes:
        files: the files.
        thumbnails: uint8 `[n, 3, SIDE, SIDE]`.
        file: int64 `[n]`, which file.
        row: int64 `[n]`, its row there.
        path: as the file has it, or "".
        label: int64 `[n]`, −1 where there is none.
        unreadable: rows that were passed over.
    """

    files: Sequence[Path]
    thumbnails: Pixels
    file: Int64s
    row: Int64s
    path: list[str]
    label: Int64s
    unreadable: int


def count_pictures(files: Sequence[Path]) -> int:
    """Rows of all files. Raises `InputError` for one that is no Parquet with `image: struct<bytes, path>`."""
    rows = 0
    for file in files:
        try:
            table = pq.ParquetFile(file)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"{file} cannot be read as Parquet: {' '.join(str(error).split())}") from error
        schema = table.schema_arrow
        kind = schema.field("image").type if "image" in schema.names else None
        if kind is None or not pa.types.is_struct(kind) or kind.get_field_index("bytes") < 0:
            raise InputError(f"{file} has no column `image` of struct<bytes, path>; columns: {', '.join(schema.names)}")
        rows += table.metadata.num_rows
    return rows


def read_pictures(
    files: Sequence[Path], *, workers: int = 1, advance: Callable[[int], object] = lambda rows: None
) -> Pictures:
    """Decode and shrink every picture; `advance(rows)` as rows are done. Raises `InputError` where none is readable."""
    count_pictures(files)
    parts: list[Pixels] = []
    places: list[tuple[int, int, str, int]] = []
    unreadable = 0
    for number, row, image, label, small in _thumbnails(files, workers):
        if small is None:
            unreadable += 1
        else:
            parts.append(small)
            places.append((number, row, image.get("path") or "", label))
        advance(1)
    if not parts:
        raise InputError(f"none of the {unreadable} rows of {', '.join(map(str, files))} holds a readable picture")
    file, at, path, labels = zip(*places, strict=True)
    return Pictures(files, np.stack(parts), np.array(file), np.array(at), list(path), np.array(labels), unreadable)


def _thumbnails(files: Sequence[Path], workers: int) -> Iterator[tuple[int, int, dict[str, Any], int, Pixels | None]]:
    """(file, row, image, label, thumbnail) of every row; the thumbnail is None where the picture cannot be decoded."""

    def rows() -> Iterator[tuple[int, int, dict[str, Any], int]]:
        for number, file in enumerate(files):
            table = pq.ParquetFile(file)
            columns = ["image", *(["label"] if "label" in table.schema_arrow.names else [])]
            row = 0
            for batch in table.iter_batches(ROWS, columns=columns):
                for values in batch.to_pylist():
                    label = values.get("label")
                    yield number, row, values["image"] or {}, label if isinstance(label, int) else -1
                    row += 1

    def shrunk(item: tuple[int, int, dict[str, Any], int]) -> tuple[int, int, dict[str, Any], int, Pixels | None]:
        picture = decode_image(item[2].get("bytes"), at_least=ENOUGH)
        return (*item, None if isinstance(picture, Undecodable) else thumbnail(picture, SIDE))

    return ordered_map(shrunk, rows(), workers=workers, ahead=ROWS)


def encoded_pictures(pictures: Pictures, positions: Integers) -> list[bytes | None]:
    """The files' own bytes of some pictures; only the row groups that hold them are read."""
    found: dict[tuple[int, int], bytes | None] = {}
    for number in np.unique(pictures.file[positions]).tolist():
        wanted = np.unique(pictures.row[positions][pictures.file[positions] == number])
        table, first = pq.ParquetFile(pictures.files[number]), 0
        for group in range(table.num_row_groups):
            rows = table.metadata.row_group(group).num_rows
            here = wanted[(wanted >= first) & (wanted < first + rows)]
            if len(here):
                images = table.read_row_group(group, ["image"])["image"].take(pa.array(here - first)).to_pylist()
                found |= {(number, row): image["bytes"] for row, image in zip(here.tolist(), images, strict=True)}
            first += rows
    return [found[int(pictures.file[i]), int(pictures.row[i])] for i in positions]
