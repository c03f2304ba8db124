"""Which of several rows with one picture has the caption to keep."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.lookup import places_in
from storage.tables.shards import iter_batches
from tasks.arrays import Ids
from tasks.matching.matcher import KeywordMatcher
from tasks.screening.duplicates.rows_to_drop import Worth

MATCHES = 1 << 40
"""What holding a keyword is worth: more than any length."""


def caption_worth(paths: Sequence[Path], ids: Ids, matcher: KeywordMatcher | None) -> Worth:
    """Captions that hold a keyword before those that hold none, then the longer one, in characters.

    Args:
        paths: shards of pairs.
        ids: uint64 `[k]`, ascending, of the rows to compare; the others are not looked at.
        matcher: finds keywords; None where length alone decides.
    """
    found, value = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for batch in iter_batches(list(paths), ["id", "caption"]):
        rows = pa.table([batch.column("id"), batch.column("caption")], names=["id", "caption"])
        here = places_in(ids, batch.column("id").to_numpy())[1]  # not a hash set of all ids for every batch
        rows = rows.filter(pa.array(here)).combine_chunks()
        if not rows.num_rows:
            continue
        length = pc.utf8_length(rows["caption"]).to_numpy().astype(np.int64)
        if matcher is not None:
            held = pc.list_value_length(matcher.match(rows["caption"].combine_chunks()))
            length = length + MATCHES * pc.greater(held, 0).to_numpy(zero_copy_only=False)
        found.append(rows["id"].to_numpy())
        value.append(length)
    order = np.argsort(every := np.concatenate(found), kind="stable")
    return Worth(every[order], np.concatenate(value)[order])
