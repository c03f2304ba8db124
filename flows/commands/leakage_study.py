"""Which evaluation pictures have a copy in the training data? Found, listed and drawn, from Parquet files alone."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from storage.hashing import canonical_json
from storage.progress import progress
from storage.tables.shards import write_table
from tasks.screening.leakage.contact_sheet import contact_sheet
from tasks.screening.pictures.count_copies import count_pairs
from tasks.screening.pictures.same_pictures import NearestPictures, nearest_pictures
from tasks.screening.pictures.thumbnails import Pictures, count_pictures, encoded_pictures, read_pictures


def study_leakage(
    train: Sequence[Path],
    evaluation: Sequence[Path],
    to: Path,
    *,
    distance: float,
    pictures: int,
    workers: int,
    console: Console,
) -> None:
    """Find the training picture most like each evaluation picture; those within `distance` are the same picture.

    Writes to the folder `to`: `leakage.parquet`, every evaluation picture with its nearest, the nearest first;
    `leakage.png`, pairs within the distance, evenly spread over them; `leakage-border.png`, pairs on both sides of the
    distance, by which to judge it; `leakage.json`, the numbers that are printed.
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
    _print(numbers, to, [*shown, "leakage.parquet"], console)


def _read(files: Sequence[Path], what: str, workers: int) -> Pictures:
    with progress(count_pictures(files), what, unit="picture") as bar:
        return read_pictures(files, workers=workers, advance=bar.update)


def _pairs(found: NearestPictures, known: Pictures, asked: Pictures, order: np.ndarray, distance: float) -> pa.Table:
    columns: dict[str, Any] = {}
    for name, pictures, rows in (("evaluation", asked, order), ("train", known, found.position[order])):
        columns[f"{name}_file"] = [str(pictures.files[i]) for i in pictures.file[rows]]
        columns[f"{name}_row"] = pictures.row[rows]
        columns[f"{name}_path"] = [pictures.path[i] for i in rows]
    columns["distance"] = found.distance[order]
    columns["mirrored"] = found.mirrored[order]
    columns["same_picture"] = found.distance[order] <= distance
    return pa.table(columns)


def _sheet(found: NearestPictures, known: Pictures, asked: Pictures, rows: np.ndarray) -> bytes:
    left, right = encoded_pictures(known, found.position[rows]), encoded_pictures(asked, rows)
    titles = [f"{found.distance[i]:.3f}{' mirrored' if found.mirrored[i] else ''}" for i in rows]
    return contact_sheet([(title, pair) for title, *pair in zip(titles, left, right, strict=True)], across=8)


def _print(numbers: dict[str, Any], to: Path, files: Sequence[str], console: Console) -> None:
    table = Table(title="evaluation pictures with a training picture this near")
    for heading in ("distance", "pictures", "same class"):
        table.add_column(heading, justify="right")
    for row in numbers["by_distance"]:
        agreement = "–" if row["same_class"] is None else f"{row['same_class']:.1%}"
        chosen = " ◄" if row["distance"] == numbers["distance"] else ""
        table.add_row(f"{row['distance']:.2f}{chosen}", str(row["pairs"]), agreement)
    console.print(table)
    console.print(
        f"{numbers['same_pictures']} of {numbers['evaluation']} evaluation pictures "
        f"({numbers['same_pictures'] / numbers['evaluation']:.1%}) are in the {numbers['train']} training pictures "
        f"within {numbers['distance']}, {numbers['mirrored']} of them mirrored; {numbers['unreadable']} unreadable; "
        f"{numbers['seconds']} s. Judge the distance by leakage-border.png.",
        highlight=False,
    )
    for name in files:
        console.print(str(to / name), highlight=False, markup=False)
