"""Second half of the shuffle: the rows of a shard from all groups, sorted by their words, and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.tables.schemas import CURATED, Carried, with_carried
from storage.tables.shards import open_shard, write_table
from tasks.resampling.shards.scatter import HELD, SHARDS, WORD, scattered_schema


@dataclass(frozen=True)
class Gathered:
    """Rows of one shard on either side; ids of more than one of its rows, and ids that are on both sides.

    Rows of one id have one word, unless they are copies, and so lie in one shard.
    """

    curated: int
    validation: int
    repeated: int
    split: int


class Scattered:
    """Scattered files of all groups, and which row group of each belongs to which shard.

    Attributes:
        carried: what the rows of any group carry; those of the others have none of it.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._footers = [pq.read_metadata(path) for path in self._paths]
        self._groups = [
            {shard: group for group, shard in enumerate(json.loads(footer.metadata[SHARDS]))}
            for footer in self._footers
        ]
        self.carried = Carried.of(footer.schema.to_arrow_schema() for footer in self._footers)

    def shard(self, number: int) -> pa.Table:
        """All rows of one shard by ascending word, ties by id: the same rows in any order of groups."""
        parts = [scattered_schema(self.carried).empty_table()]
        for path, footer, groups in zip(self._paths, self._footers, self._groups, strict=True):
            if number in groups:
                with open_shard(path, footer) as file:
                    parts.append(file.read_row_group(groups[number], use_threads=False))
        bare = [part.replace_schema_metadata(None) for part in parts]
        table = pa.concat_tables(bare, promote_options="permissive" if self.carried else "none")
        order = np.lexsort((table.column("id").to_numpy(), table.column(WORD).to_numpy()))
        return table.take(pa.array(order))


def write_shard(scattered: Scattered, number: int, output: Path, *, validation: bool) -> Gathered:
    """Write `curated-<number>.parquet`, and `validation-<number>.parquet` where rows are held out."""
    table, schema = scattered.shard(number), with_carried(CURATED, scattered.carried)
    held = table.column(HELD).to_numpy()
    sides = {"curated": ~held, "validation": held} if validation else {"curated": ~held}
    for name, kept in sides.items():
        rows = table if kept.all() else table.filter(pa.array(kept))
        write_table(output / f"{name}-{number:05d}.parquet", rows.select(schema.names).cast(schema))
    ids = table.column("id").to_numpy()
    counts = np.unique(ids, return_counts=True)[1]
    split = np.intersect1d(ids[held], ids[~held])
    return Gathered(int((~held).sum()), int(held.sum()), int((counts > 1).sum()), len(split))


def shards_of_part(shards: int, part: int, parts: int) -> range:
    """The shards that one of several gatherings writes: a stretch, nearly as many for each."""
    return range(shards * part // parts, shards * (part + 1) // parts)
