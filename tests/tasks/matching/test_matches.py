"""Matches as they are stored, and which of an image's texts are matched."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.tables.ids import row_ids
from storage.tables.schemas import MATCHES
from storage.tables.shards import read_table, write_table
from tasks.matching.config import MatchingConfig
from tasks.matching.matcher import KeywordMatcher
from tasks.matching.matches import kept_rows, write_matches
from tasks.matching.one_text_per_image import image_key


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    matches = KeywordMatcher(["cat", "dog"]).match(["cat dog", "", "a dog"])
    ids = pa.chunked_array([pa.array([3, 1, 2], pa.uint64())])
    for alive, entries in (([True] * 3, [[0, 1], [], [1]]), ([False, True, True], [None, [], [1]])):
        write_matches(tmp_path / "matches.parquet", ids, matches, np.array(alive))
        table = read_table(tmp_path / "matches.parquet")
        assert table.to_pydict() == {"id": [3, 1, 2], "entries": entries}
        assert table.schema.equals(MATCHES)


def test_no_text_of_a_row_that_is_gone_is_chosen(tmp_path: Path) -> None:
    """Its image's other texts are chosen from as if it had never been there."""
    keys = [f"image{row // 3}#{row % 3}" for row in range(60)]
    table = pa.table({"id": row_ids("s", keys), "key": keys, "source": ["s"] * 60})
    ids, config = table["id"].to_numpy(), MatchingConfig(choose_text="one", seed=4)
    gone = np.sort(ids[[0, 4, 9, 10, 11, 30]])
    write_table(tmp_path / "whole.parquet", table)
    write_table(tmp_path / "left.parquet", table.filter(pa.array(~np.isin(ids, gone))))
    (kept,) = kept_rows([tmp_path / "whole.parquet"], config, gone) or ()
    (left,) = kept_rows([tmp_path / "left.parquet"], config) or ()
    assert ids[kept].tolist() == ids[~np.isin(ids, gone)][left].tolist() and int(kept.sum()) == 19


@pytest.mark.parametrize("cuts", [[0, 60], [0, 7, 30, 60]])
def test_one_text_of_each_image_is_kept_whatever_the_shards(tmp_path: Path, cuts: list[int]) -> None:
    keys = [f"image{row // 3}#{row % 3}" for row in range(60)]
    shards = []
    for number, (begin, end) in enumerate(pairwise(cuts)):
        part = keys[begin:end]
        columns = {"id": row_ids("s", part), "key": part, "source": ["s"] * len(part)}
        shards.append(tmp_path / f"{number}.parquet")
        write_table(shards[-1], pa.table(columns))
    kept = kept_rows(shards, MatchingConfig(choose_text="one", seed=4))
    assert kept is not None and [part.size for part in kept] == [b - a for a, b in pairwise(cuts)]
    rows = [row for start, part in zip(cuts, kept, strict=False) for row in (start + part.nonzero()[0]).tolist()]
    assert Counter(image_key(keys[row]) for row in rows) == {f"image{image}": 1 for image in range(20)}
    whole = tmp_path / "whole.parquet"
    write_table(whole, pa.table({"id": row_ids("s", keys), "key": keys, "source": ["s"] * 60}))
    (alone,) = kept_rows([whole], MatchingConfig(choose_text="one", seed=4)) or ()
    assert rows == alone.nonzero()[0].tolist()


def test_all_texts_count_where_no_choice_is_asked_for(tmp_path: Path) -> None:
    assert kept_rows([tmp_path / "never read"], MatchingConfig()) is None
    assert kept_rows([], MatchingConfig(choose_text="one")) is None
