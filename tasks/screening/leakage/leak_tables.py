"""The tables of the leakage stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from storage.tables.references import content_of
from storage.tables.schemas import DROPPED
from storage.tables.shards import iter_batches, open_shard
from tasks.arrays import Ids, Reals
from tasks.geometry.shape.dimension import intrinsic_dimension
from tasks.geometry.tree.automatic_distance import unlikely_distance
from tasks.screening.config import LeakageConfig
from tasks.screening.leakage.contact_sheet import contact_sheet
from tasks.screening.leakage.nearest_evaluation import NearestEvaluation, repeated_prompts

LEAKS = pa.schema([("id", pa.uint64()), ("evaluation", pa.uint64()), ("distance", pa.float32()), ("leak", pa.bool_())])
CAPTIONS = pa.schema([("id", pa.uint64()), ("key", pa.string()), ("prompt", pa.string())])


@dataclass(frozen=True)
class Leaks:
    """The nearest pairs of a training and an evaluation row.

    leaks: ascending in distance, in the `LEAKS` schema. images: how many of all training rows are leaks. distance: up
    to which they are.
    """

    leaks: pa.Table
    images: int
    distance: float


def leak_distance(found: NearestEvaluation, vectors: Reals, config: LeakageConfig) -> float:
    """The configured distance, or what is nearer than chance explains, in the dimension of the training `vectors`."""
    if config.distance is not None:
        return config.distance
    try:
        dimension = intrinsic_dimension(vectors, most=4_096).dimension
    except InputError:  # too few
        dimension = None
    return unlikely_distance(found.distance, dimension)


def nearest_pairs(ids: Ids, evaluation_ids: Ids, found: NearestEvaluation, distance: float, listed: int) -> Leaks:
    """All leaks, and the nearest of the other rows.

    Args:
        ids: uint64 `[n]`, training rows.
        evaluation_ids: uint64 `[m]`, evaluation rows.
        found: each training row's nearest evaluation row.
        distance: up to which a row is a leak.
        listed: rows in all, where there are fewer leaks than that.
    """
    order = np.lexsort((ids, found.distance))
    leaks = int((found.distance <= distance).sum())
    order = order[: max(leaks, listed)]
    columns = [ids[order], evaluation_ids[found.position[order]], found.distance[order]]
    columns.append(found.distance[order] <= distance)
    return Leaks(pa.table([pa.array(column) for column in columns], schema=LEAKS), leaks, distance)


def captions_like_prompts(paths: Sequence[Path], prompts: Sequence[str]) -> pa.Table:
    """Rows of pairs whose caption repeats a prompt, in the `CAPTIONS` schema, in the order of the shards."""
    parts = [CAPTIONS.empty_table()]
    for batch in iter_batches(list(paths), ["id", "key", "caption"]):
        prompt = repeated_prompts(batch.column("caption"), prompts)
        table = pa.table([batch.column("id"), batch.column("key"), prompt], schema=CAPTIONS)
        parts.append(table.filter(pc.is_valid(prompt)))
    return pa.concat_tables(parts)


def leaks_to_drop(leaks: pa.Table, captions: pa.Table, config: LeakageConfig) -> pa.Table:
    """The rows to drop, ascending by id: the `DROPPED` schema, and a `detail`, what each row leaks and how nearly."""
    reasons: dict[int, tuple[str, str]] = {}
    if config.drop in ("captions", "both"):
        for row in captions.select(["id", "prompt"]).to_pylist():
            reasons[row["id"]] = ("caption repeats a class prompt", f"prompt: {row['prompt']}")
    if config.drop in ("images", "both"):
        for row in leaks.filter(leaks["leak"]).to_pylist():
            detail = f"evaluation row: id {row['evaluation']}, at distance {row['distance']:.4g}"
            reasons[row["id"]] = (f"near an evaluation {config.modality}", detail)
    ids = sorted(reasons)
    columns = [
        pa.array(ids, pa.uint64()),
        pa.nulls(len(ids), pa.uint64()),
        pa.array([reasons[i][0] for i in ids], pa.string()),
        pa.array([reasons[i][1] for i in ids], pa.string()),
    ]
    return pa.table(columns, schema=DROPPED.append(pa.field("detail", pa.string())))


def picture_pairs(leaks: pa.Table, train: Sequence[Path], evaluation: Sequence[Path], most: int) -> bytes:
    """A sheet of the `most` nearest pairs, the training picture on the left, as a PNG.

    leaks: in the `LEAKS` schema, ascending in distance. train, evaluation: shards of pairs that hold the pictures.
    """
    rows = leaks.slice(0, most).to_pylist()
    left = images_of(train, [row["id"] for row in rows])
    right = images_of(evaluation, [row["evaluation"] for row in rows])
    titles = [f"{row['distance']:.3f}{'  leak' if row['leak'] else ''}" for row in rows]
    return contact_sheet(
        [(title, (left.get(row["id"]), right.get(row["evaluation"]))) for title, row in zip(titles, rows, strict=True)]
    )


def images_of(paths: Sequence[Path], ids: Sequence[int]) -> dict[int, bytes | None]:
    """The encoded images of some ids, from shards of pairs; only their row groups are read."""
    wanted = pa.array(sorted(dict.fromkeys(ids)), pa.uint64())
    found: dict[int, bytes | None] = {}
    for path in paths:
        with open_shard(path) as file:
            for group in range(file.num_row_groups):
                here = pc.is_in(file.read_row_group(group, ["id"])["id"], wanted)
                if not pc.any(here).as_py():
                    continue
                rows = file.read_row_group(group, ["id", "image"]).filter(here)
                for row in rows.to_pylist():
                    found[row["id"]] = content_of(row["image"])
    return found
