"""The `MATCHES` table as it is stored, and which rows of a group are matched at all."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.lookup import left
from storage.tables.shards import read_table, write_table
from tasks.arrays import Bools, Ids
from tasks.matching.config import MatchingConfig
from tasks.matching.one_text_per_image import choose_one_text, image_ids


def kept_rows(shards: Sequence[Path], config: MatchingConfig, gone: Ids | None = None) -> list[Bools] | None:
    """For every shard the rows whose text was chosen, bool; None where all texts count. None of the gone is."""
    if config.choose_text == "all" or not shards:
        return None
    tables = [read_table(path, ["id", "key", "source"]) for path in shards]
    ids = np.concatenate([table["id"].to_numpy() for table in tables])
    images = np.concatenate([image_ids(table) for table in tables])
    ends = np.cumsum([table.num_rows for table in tables])
    chosen = left(ids, gone)
    chosen[chosen] = choose_one_text(ids[chosen], images[chosen], seed=config.seed)
    return np.split(chosen, ends[:-1])


def write_matches(path: Path, ids: pa.ChunkedArray, matches: pa.LargeListArray, alive: Bools) -> None:
    """One shard of the `MATCHES` table; null where a row is not alive."""
    lists = pa.ListArray.from_arrays(matches.offsets.cast(pa.int32()), matches.values)
    if not alive.all():
        lists = pc.if_else(pa.array(alive), lists, pa.scalar(None, lists.type))
    # Entries are small numbers whose high bytes repeat. Split by byte, fast zstd makes a smaller file in less time than
    # level 1 makes of the whole numbers; ids are random and do not compress at all.
    encodings = {"entries.list.element": "BYTE_STREAM_SPLIT"}
    write_table(path, pa.table({"id": ids, "entries": lists}), level=-3, encodings=encodings)
