"""Unicode spacing of columns against the same text by text."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.matching.spacing.text import spacing_unicode
from tasks.matching.spacing.unicode import space_unicode
from tests.tasks.matching.texts import texts


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(st.text(), texts(), st.text(st.characters(max_codepoint=127))), max_size=10), st.booleans())
def test_column_equals_text_by_text(rows: list[str], fold_case: bool) -> None:
    column = pa.array([row.encode() for row in rows], pa.large_binary())
    spaced = [f" {text.decode()} " if text else " " for text in space_unicode(column, fold_case=fold_case).to_pylist()]
    assert spaced == [spacing_unicode(row, fold_case=fold_case) for row in rows]


@pytest.mark.parametrize("fold_case", [False, True])
@pytest.mark.parametrize("rows", [["Abc", "d, E", "ÉÉ", "", "x"], ["Abc", "d, E", "", "x", "y"]])
def test_slices_see_their_own_rows_alone(rows: list[str], fold_case: bool) -> None:
    column = pa.array([row.encode() for row in rows], pa.large_binary())
    whole = space_unicode(column, fold_case=fold_case).to_pylist()
    assert space_unicode(column.slice(1, 3), fold_case=fold_case).to_pylist() == whole[1:4]


def test_bytes_outside_utf8_are_replaced_in_their_row() -> None:
    column = pa.array([b"ok", b"\xff\xe4\xb8", b"caf\xc3\xa9"], pa.large_binary())
    spaced = [text.decode() for text in space_unicode(column, fold_case=False).to_pylist()]
    assert spaced[0] == "ok"
    assert set(spaced[1]) == {"\ufffd"}
    assert spaced[2] == "café"
