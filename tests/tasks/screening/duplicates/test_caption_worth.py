"""A caption that matches is kept before a longer one that does not."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.shards import write_table
from tasks.matching.matcher import KeywordMatcher
from tasks.screening.duplicates.caption_worth import caption_worth
from tests.tasks.embedding.conftest import pairs_table


def test_matches_first_then_length(tmp_path: Path) -> None:
    captions = ["IMG_2206.jpg, my very best", "yellow disc", "yellow disc on a striped background", "not looked at"]
    table = pairs_table([b"a", b"b", b"c", b"d"])
    place = table.column_names.index("caption")
    table = table.set_column(place, "caption", pa.array(captions, table.schema.field("caption").type))
    write_table(tmp_path / "pairs-00000.parquet", table)
    ids = table["id"].to_numpy()
    wanted = np.sort(ids[:3])
    worth = caption_worth([tmp_path / "pairs-00000.parquet"], wanted, KeywordMatcher(["disc"]))
    assert worth.ids.tolist() == wanted.tolist()
    ranked = [captions[ids.tolist().index(each)] for each in worth.ids[np.argsort(-worth.value)]]
    assert ranked == [captions[2], captions[1], captions[0]]
    blind = caption_worth([tmp_path / "pairs-00000.parquet"], wanted, None)
    assert sorted(blind.value.tolist()) == sorted(len(caption) for caption in captions[:3])
    assert not len(caption_worth([tmp_path / "pairs-00000.parquet"], ids[:0], None).ids)
