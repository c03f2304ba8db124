"""One row's screening, from the runs' own outputs."""

from pathlib import Path

import pyarrow as pa
import pytest

from storage.tables.schemas import DROPPED
from storage.tables.shards import write_table
from tasks.screening.explain import DroppingStory, explain_dropping
from tasks.screening.leakage.leak_tables import LEAKS


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Path]:
    """Row 7 is a leak; rows 8 and 9 repeat row 2, and 7, a leak as well, is listed first for being one."""
    leakage, deduplicate = tmp_path / "leakage", tmp_path / "deduplicate"
    for folder in (leakage, deduplicate):
        folder.mkdir()
    rows = {"id": [7, 2], "evaluation": [100, 101], "distance": [0.25, 0.5], "leak": [True, False]}
    write_table(leakage / "leaks.parquet", pa.table(rows, schema=LEAKS))
    leaked = {"id": [7], "kept": [None], "reason": ["near an evaluation image"]}
    repeated = {"id": [7, 8, 9], "kept": [2, 2, 2], "reason": ["equal pair"] * 3}
    write_table(leakage / "dropped.parquet", pa.table(leaked, schema=DROPPED))
    write_table(deduplicate / "dropped.parquet", pa.table(repeated, schema=DROPPED))
    return {"leakage shapes": leakage, "deduplicate": deduplicate}


def test_the_first_run_that_drops_a_row_tells_its_story(found: dict[str, Path]) -> None:
    assert explain_dropping(7, found) == DroppingStory(
        by="leakage shapes", reason="near an evaluation image", distance=0.25, evaluation=100
    )
    assert explain_dropping(8, found) == DroppingStory(by="deduplicate", reason="equal pair", kept=2)


def test_a_row_that_stays_names_those_it_stands_for(found: dict[str, Path]) -> None:
    assert explain_dropping(2, found) == DroppingStory(replaces=(7, 8, 9))
    assert explain_dropping(2**64 - 1, found) == explain_dropping(2, {}) == DroppingStory()
