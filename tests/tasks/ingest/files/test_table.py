"""Raw reading of TAB tables: what is in the file is what comes out."""

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.ingest.files import table
from tasks.ingest.files.lines import count_lines
from tasks.ingest.files.table import TableBlock, read_blocks

FIELD = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), max_size=20)
COLUMNS = ("title", "filepath")


class Row(NamedTuple):
    line: int
    fields: tuple[str, ...]
    problem: str = ""
    detail: str = ""


def rows_of(block: TableBlock) -> list[Row]:
    texts = zip(*(column.to_pylist() for column in block.columns), strict=True)
    rows = [
        Row(int(line), tuple(field.decode() for field in row)) for line, row in zip(block.lines, texts, strict=True)
    ]
    return [
        Row(row.line, (), *block.problems[place]) if place in block.problems else row for place, row in enumerate(rows)
    ]


def read(path: Path, content: bytes, quotes: str = "raw") -> list[Row]:
    path.write_bytes(content)
    return [row for block in read_blocks(path, COLUMNS, quotes) for row in rows_of(block)]  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(FIELD, FIELD), max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_any_text_comes_back_as_it_was(tmp_path: Path, rows: list[tuple[str, str]], end: str) -> None:
    text = "".join(f"{title}\t{path}{end}" for title, path in [COLUMNS, *rows])
    found = read(tmp_path / "t.csv", text.encode())
    assert [row.fields for row in found] == rows
    assert [row.line for row in found] == list(range(2, len(rows) + 2))
    assert count_lines(tmp_path / "t.csv") == len(rows)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(body=st.binary(max_size=200))
def test_no_bytes_stop_the_reader_and_no_line_is_lost(tmp_path: Path, body: bytes) -> None:
    found = read(tmp_path / "t.csv", b"title\tfilepath\n" + body)
    assert len(found) == len(body.split(b"\n")) - (1 if body.endswith(b"\n") or not body else 0)
    for row in found:
        assert row.problem or all(field.encode() in body for field in row.fields)


def test_na_quotes_and_spaces_stay(tmp_path: Path) -> None:
    found = read(tmp_path / "t.csv", b'title\tfilepath\nNA\ta/1\nnull\ta/2\n"Say ""hi"""\ta/3\n  x \ta/4')
    assert [row.fields[0] for row in found] == ["NA", "null", '"Say ""hi"""', "  x "]


def test_csv_quotes_are_undone_on_request(tmp_path: Path) -> None:
    text = b'title\tfilepath\n"Say ""hi"""\ta/1\n"two\nlines"\ta/2\nNA\ta/3\nbad\xff\ta/4\n'
    found = read(tmp_path / "t.csv", text, "csv")
    assert [row.fields for row in found[:3]] == [('Say "hi"', "a/1"), ("two\nlines", "a/2"), ("NA", "a/3")]
    assert (found[3].problem, found[3].line) == ("invalid UTF-8", 6)


def test_bad_rows_carry_their_line(tmp_path: Path) -> None:
    found = read(tmp_path / "t.csv", b"title\tfilepath\nok\ta/1\n\xff\xfe\ta/2\nonly one field\na\tb\tc\n\n")
    assert [row.problem for row in found] == ["", "invalid UTF-8", "malformed row", "malformed row", "malformed row"]
    assert "line 3" in found[1].detail
    assert "line 5 has 3 fields, not 2" in found[3].detail


def test_columns_are_found_by_name_and_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    found = read(tmp_path / "t.csv", "\ufefffilepath\tlicence\ttitle\na/1\tCC\tA cat\n".encode())
    assert found[0].fields == ("A cat", "a/1")


@pytest.mark.parametrize("content", [b"", b"caption\tfilepath\nx\ty\n", b"title,filepath\nx,y\n"])
def test_a_wrong_header_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="no column 'title'"):
        read(tmp_path / "t.csv", content)


def test_a_field_without_end_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="set quotes to raw"):
        read(tmp_path / "t.csv", b'title\tfilepath\n"' + b"x" * 200_000, "csv")


@pytest.mark.parametrize("bytes_", [1, 3, 16, 100])
def test_blocks_may_be_cut_anywhere(tmp_path: Path, bytes_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"title\tfilepath\nA cat\ta/1\r\n\xff\ta/2\none\n\n\ta/3\nlast\ta/4"
    whole = read(tmp_path / "t.csv", content)
    monkeypatch.setattr(table, "BYTES_PER_BLOCK", bytes_)
    assert read(tmp_path / "t.csv", content) == whole


def test_a_part_of_a_block(tmp_path: Path) -> None:
    whole = read(tmp_path / "t.csv", b"title\tfilepath\nA\ta/1\n\xff\n\nB\ta/2\n")
    (block,) = read_blocks(tmp_path / "t.csv", COLUMNS)
    assert rows_of(block.part(1, 4)) == whole[1:4]
