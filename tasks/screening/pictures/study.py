"""Which evaluation pictures have a copy in the training data? Found, listed and drawn, from Parquet files alone."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from storage.hashing import canonical_json
from storage.progress import progress
from storage.tables.shards import write_table
from tasks.arrays import Int64s
from tasks.screening.leakage.contact_sheet import contact_sheet
from tasks.screening.pictures.count_copies import count_pairs
from tasks.screening.pictures.same_pictures import NearestPictures, nearest_pictures
from tasks.screening.pictures.thumbnails import Pictures, count_pictures, encoded_pictures, read_pictures

FILES = ("leakage.png", "leakage-border.png", "leakage.parquet")


def study_leakage(
    train: Sequence[Path],
    evaluation: Sequence[Path],
    to: Path,
    *,
    distance: float,
    pictures: int,
    workers: int,
) -> dict[str, Any]:
    """Find the training picture most like each evaluation picture; those within `distance` are the same picture.

    Writes to the folder `to`: `leakage.parquet`, every evaluation picture with its nearest, the nearest first;
    `leakage.png`, pairs within the distance, evenly spread over them; `leakage-border.png`, pairs on both sides of the
    distance, by which to judge it; `leakage.json`, the numbers that are returned.

    Args:
        train: Parquet files with `image: struct<bytes, path>`, and perhaps `label`.
        evaluation: the same.
        to: the folder; made where it is not there.
        distance: aligned distance up to which two pictures are the same.
        pictures: pairs on each sheet, at most.
        workers: threads.
    """
    started = time.perf_counter()
    known, asked = _read(train, "read training pictures", workers), _read(evaluation, "read evaluation", workers)
    with progress(len(asked.row), "compare", unit="picture") as bar:
        found = nearest_pictures(known.thumbnails, asked.thumbnails, workers=workers, advance=bar.update)
    numbers = count_pairs(found, known, asked, distance)
    numbers["seconds"] = round(time.perf_counter() - started, 1)
    to.mkdir(parents=True, exist_ok=True)
    order = np.argsort(found.distance, kind="stable")
    write_table(to / "leakage.parquet", _pairs(found, known, asked, order, distance))
    border = numbers["same_pictures"]
    spread = np.unique(np.linspace(0, border - 1, min(pictures, border)).astype(int)) if border else np.arange(0)
    shown = {"leakage.png": order[spread], "leakage-border.png": order[max(0, border - pictures // 2) :][:pictures]}
    for name, rows in shown.items():
        (to / name).write_bytes(_sheet(found, known, asked, rows))
    (to / "leakage.json").write_text(canonical_json(numbers), encoding="utf-8")
    return numbers


def _read(files: Sequence[Path], what: str, workers: int) -> Pictures:
    with progress(count_pictures(files), what, unit="picture") as bar:
        return read_pictures(files, workers=workers, advance=bar.update)


def _pairs(found: NearestPictures, known: Pictures, asked: Pictures, order: Int64s, distance: float) -> pa.Table:
    columns: dict[str, Any] = {}
    for name, pictures, rows in (("evaluation", asked, order), ("train", known, found.position[order])):
        columns[f"{name}_file"] = [str(pictures.files[i]) for i in pictures.file[rows]]
        columns[f"{name}_row"] = pictures.row[rows]
        columns[f"{name}_path"] = [pictures.path[i] for i in rows]
    columns["distance"] = found.distance[order]
    columns["mirrored"] = found.mirrored[order]
    columns["same_picture"] = found.distance[order] <= distance
    return pa.table(columns)


def _sheet(found: NearestPictures, known: Pictures, asked: Pictures, rows: Int64s) -> bytes:
    left, right = encoded_pictures(known, found.position[rows]), encoded_pictures(asked, rows)
    titles = [f"{found.distance[i]:.3f}{' mirrored' if found.mirrored[i] else ''}" for i in rows]
    return contact_sheet([(title, pair) for title, *pair in zip(titles, left, right, strict=True)], across=8)
