"""Where the rows that are drawn lie in their shards, and reading any of them by whole row groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.tables.references import embedded, present
from storage.tables.shards import open_shard
from tasks.arrays import Bools, Floats, Ids, Int32s, Int64s
from tasks.training.data.selection import Drawing

_CONTENT = "image.bytes"


class Example(NamedTuple):
    """One row as it is stored, and the hash of its picture's bytes."""

    id: int
    key: str
    caption: str
    picture: bytes
    same_picture: int


@dataclass(frozen=True)
class RowIndex:
    """The rows that are drawn and have a picture, in the order of their shards: 20 bytes a row.

    Attributes:
        ids: uint64 `[n]`.
        copies: of each an epoch, float64 `[n]`.
        place: int32 `[n]`, in its row group.
        ends: int64 `[g]`: rows of the first row group, of the first two, and so on.
        groups: file and number of each row group that has any.
        without_image: rows that are drawn but have no picture.
    """

    ids: Ids
    copies: Floats
    place: Int32s
    ends: Int64s
    groups: tuple[tuple[Path, int], ...]
    without_image: int

    @classmethod
    def of(cls, paths: Sequence[Path], drawing: Drawing) -> "RowIndex":
        """Read the ids of some shards, their own copies, and no picture (but where a row group says that some lack).

        Raises:
            InputError: nothing is drawn, an id comes twice, or a selected one is missing.
        """
        ids, copies, place, groups, skipped = [], [], [], [], 0
        for path in paths:
            columns = ["id", *drawing.columns(path)]
            with open_shard(path) as file:
                for group in range(file.num_row_groups):
                    rows = file.read_row_group(group, columns=columns, use_threads=False)
                    drawn = drawing.copies(rows)
                    kept = drawn > 0
                    if kept.any():
                        there = _present(file, group)
                        skipped += int((kept & ~there).sum())
                        kept &= there
                    if kept.any():
                        ids.append(rows["id"].to_numpy()[kept])
                        copies.append(drawn[kept])
                        place.append(np.flatnonzero(kept).astype(np.int32))
                        groups.append((path, group))
        all_ids = np.concatenate(ids) if ids else np.empty(0, np.uint64)
        drawing.check(np.sort(all_ids), skipped)
        ends = np.cumsum([len(some) for some in ids])
        return cls(all_ids, np.concatenate(copies), np.concatenate(place), ends, tuple(groups), skipped)

    def read(self, rows: Int64s) -> dict[int, Example]:
        """Some rows, int64 ascending, by number: in memory are these and one row group."""
        import xxhash

        examples: dict[int, Example] = {}
        group_of = np.searchsorted(self.ends, rows, side="right")
        for group in np.unique(group_of):
            wanted = rows[group_of == group]
            path, number = self.groups[group]
            with open_shard(path) as file:
                table = file.read_row_group(number, columns=["key", "caption", "image"], use_threads=False)
            table = table.take(pa.array(self.place[wanted]))
            pictures = embedded(table["image"]).field("bytes").to_pylist()
            columns = (self.ids[wanted].tolist(), table["key"].to_pylist(), table["caption"].to_pylist(), pictures)
            hashes = map(xxhash.xxh3_64_intdigest, pictures)
            examples.update(zip(wanted.tolist(), map(Example, *columns, hashes), strict=True))
        return examples


def _present(file: pq.ParquetFile, group: int) -> Bools:
    """Which rows of a row group have a picture; its footer says it where all have one."""
    footer = file.metadata.row_group(group)
    for column in map(footer.column, range(footer.num_columns)):
        statistics = column.statistics
        if column.path_in_schema == _CONTENT and statistics is not None and statistics.null_count == 0:
            return np.ones(footer.num_rows, dtype=np.bool_)
    images = file.read_row_group(group, columns=["image"], use_threads=False)["image"]
    has_image: Bools = present(images).to_numpy(zero_copy_only=False)
    return has_image
