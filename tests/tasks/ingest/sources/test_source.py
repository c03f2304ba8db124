"""Slices cover the rows evenly; folders that are named must exist."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.ingest.rules import MAX_GROUPS, slices
from tasks.ingest.sources.source import first, image_folder


@given(rows=st.integers(0, 10**9), rows_per_group=st.integers(1, 10**6))
def test_slices_are_as_few_as_the_size_allows(rows: int, rows_per_group: int) -> None:
    plan = slices(rows, rows_per_group)
    sizes = [len(group.rows(rows)) for group in plan]
    assert sum(sizes) == rows and max(sizes) - min(sizes) <= 1
    assert len(plan) == MAX_GROUPS or max(sizes) <= rows_per_group
    assert len(plan) == 1 or (len(plan) - 1) * rows_per_group < rows


def test_a_folder_is_listed_where_there_is_one(tmp_path: Path) -> None:
    assert image_folder(None, "s") == ()
    assert image_folder(tmp_path, "s") == (tmp_path,)
    with pytest.raises(InputError, match=r"image folder of the source 's' .* does not exist"):
        image_folder(tmp_path / "none", "s")
    assert first([]) is None and first([tmp_path]) == tmp_path
