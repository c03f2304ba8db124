"""What ignoring case would win back, counted by hand."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.reporting.sections.balancing import unmatched
from tasks.reporting.sections.balancing.unmatched import FoldedCase, folded_case, read_folded_case
from tests.tasks.reporting.conftest import Inputs


def test_captions_that_fail_by_case_alone_are_counted() -> None:
    captions = pa.chunked_array([["A RED DISC", "Red disc!"], ["IMG_2206.jpg", "reddish discs"]], pa.large_string())
    assert folded_case(captions, ["red", "disc"]) == FoldedCase(looked=4, won=2)
    assert folded_case(captions, ["rED"]) == FoldedCase(looked=4, won=2)
    assert folded_case(captions.slice(0, 0), ["red"]) is None and folded_case(captions, []) is None


def test_the_captions_of_a_run_without_keyword_are_looked_at(inputs: Inputs, tmp_path: Path) -> None:
    """Four of forty captions match nothing; case is not why."""
    work = inputs.workspace(tmp_path)
    assert read_folded_case(inputs.entries, inputs.pairs, inputs.matches, work) == FoldedCase(looked=4, won=0)


@pytest.mark.parametrize(
    ("most", "among", "looked"), [(2, 1 << 18, ["BB", "DD"]), (9, 40, ["BB", "DD", "FF"]), (9, 20, ["BB"])]
)
def test_a_shard_is_read_no_further_than_is_looked(tmp_path: Path, most: int, among: int, looked: list[str]) -> None:
    """Row groups of the two files do not end together; a batch that is begun is looked at to its end."""
    rows = 60
    captions, lists = ["cc"] * rows, [[0]] * rows
    for row, text in ((3, "BB"), (25, "DD"), (39, "FF"), (55, "HH")):
        captions[row], lists[row] = text, []
    lists[4] = None
    pairs = pa.table({"caption": pa.array(captions, pa.large_string())})
    pq.write_table(pairs, tmp_path / "pairs.parquet", row_group_size=7)
    matches = pa.table({"entries": pa.array(lists, pa.list_(pa.uint32()))})
    pq.write_table(matches, tmp_path / "matches.parquet", row_group_size=20)
    found = unmatched._unmatched(tmp_path / "matches.parquet", tmp_path / "pairs.parquet", most, among)
    assert found.to_pylist() == looked
