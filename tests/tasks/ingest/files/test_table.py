"""Reading of text tables: what is in the file is what comes out."""

import csv
import itertools
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.ingest.files import lines
from tasks.ingest.files.lines import count_lines
from tasks.ingest.files.table import TableBlock, read_blocks, read_header

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
    assert count_lines(tmp_path / "t.csv") == len(rows) + 1


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


STRAY = b"""title\tfilepath
first\ta/1
"a quote without an end\ta/2
third\ta/3
a 5" disk\ta/4
"six" of them\ta/5
"two
lines"\ta/6
"three
lines" too\ta/7

last\ta/8
"""


def test_stray_quotes_spoil_their_own_line_alone(tmp_path: Path) -> None:
    found = read(tmp_path / "t.csv", STRAY, "csv")
    assert [row.fields[0] for row in found if not row.problem] == [
        "first",
        "third",
        'a 5" disk',
        "two\nlines",
        'lines" too',
        "last",
    ]
    assert [(row.line, row.detail.partition(" ")[2]) for row in found if row.problem] == [
        (3, "3 has text after a closing quote; a quote in a quoted field is doubled"),
        (6, "6 has text after a closing quote; a quote in a quoted field is doubled"),
        (9, "9 has text after a closing quote; a quote in a quoted field is doubled"),
    ]


def test_a_quote_that_nothing_closes_spoils_its_own_line_alone(tmp_path: Path) -> None:
    body = b"".join(b"row %d\ta/%d\n" % (row, row) for row in range(5_000))
    found = read(tmp_path / "t.csv", b'title\tfilepath\n"open\ta/0\n' + body, "csv")
    assert [row.line for row in found if row.problem] == [2] and len(found) == 5_001
    assert found[0].detail == "line 2 opens a quote that nothing closes"


def test_a_swallowed_row_has_too_few_fields_and_gives_its_lines_back(tmp_path: Path) -> None:
    found = read(tmp_path / "t.csv", b'title\tfilepath\n"open\ta/1\nB\ta/2\nshut"\nC\ta/3\n', "csv")
    assert [row.fields[0] for row in found if not row.problem] == ["B", "C"]
    assert [row.line for row in found if row.problem] == [2, 4]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(*[st.text(st.sampled_from('ab,"\n\r\t é'), max_size=6)] * 2), max_size=8),
    size=st.integers(1, 40),
    separator=st.sampled_from("\t,;"),
)
def test_what_a_csv_writer_writes_comes_back_wherever_blocks_are_cut(
    tmp_path: Path, rows: list[tuple[str, str]], size: int, separator: str
) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BYTES_PER_BLOCK", size)
        blocks = list(read_blocks(path, COLUMNS, "csv", separator))
    assert [row.fields for block in blocks for row in rows_of(block)] == rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    body=st.lists(st.sampled_from([b'"', b'""', b"a", b",", b"\n", b"\r\n", b"\xff", b"bc", b"\r"]), max_size=40),
    cuts=st.lists(st.integers(0, 12), max_size=3),
    size=st.integers(1, 40),
    quotes=st.sampled_from(["raw", "csv"]),
)
def test_rows_do_not_depend_on_how_a_file_is_cut(
    tmp_path: Path, body: list[bytes], cuts: list[int], size: int, quotes: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"title,filepath\n" + b"".join(body))
    whole = [row for block in read_blocks(path, COLUMNS, quotes, ",") for row in rows_of(block)]  # type: ignore[arg-type]
    edges = [0, *sorted(cuts), 1_000]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BYTES_PER_BLOCK", size)
        parts = [
            row
            for start, stop in itertools.pairwise(edges)
            for block in read_blocks(path, COLUMNS, quotes, ",", range(start, stop))  # type: ignore[arg-type]
            for row in rows_of(block)
        ]
    assert parts == whole
    assert all(row.problem or row.fields for row in whole)


@pytest.mark.parametrize(
    ("header", "separator"),
    [("title,filepath", ","), ("title\tfilepath, or so", "\t"), ("a;b;c,d", ";"), ("title", ","), ('"a,b"|c|d', "|")],
)
def test_the_separator_is_the_most_frequent(tmp_path: Path, header: str, separator: str) -> None:
    (tmp_path / "t.csv").write_text(header + "\n")
    assert read_header(tmp_path / "t.csv", "csv").separator == separator


def test_a_header_may_be_quoted_behind_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeff"title","filepath","two\nlines"\nA cat,a/1,x\n'.encode())
    (block,) = read_blocks(path, COLUMNS, "csv", None)
    assert rows_of(block) == [Row(3, ("A cat", "a/1"))]


def test_two_columns_of_a_name_are_asked_about(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("title,filepath,title\na,b,c\n")
    with pytest.raises(InputError, match="2 columns 'title'"):
        list(read_blocks(tmp_path / "t.csv", COLUMNS, "csv", None))


@pytest.mark.parametrize("bytes_", [1, 3, 16, 100])
def test_blocks_may_be_cut_anywhere(tmp_path: Path, bytes_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"title\tfilepath\nA cat\ta/1\r\n\xff\ta/2\none\n\n\ta/3\nlast\ta/4"
    whole = read(tmp_path / "t.csv", content)
    monkeypatch.setattr(lines, "BYTES_PER_BLOCK", bytes_)
    assert read(tmp_path / "t.csv", content) == whole


def test_a_part_of_a_block(tmp_path: Path) -> None:
    whole = read(tmp_path / "t.csv", b"title\tfilepath\nA\ta/1\n\xff\n\nB\ta/2\n")
    (block,) = read_blocks(tmp_path / "t.csv", COLUMNS)
    assert rows_of(block.part(1, 4)) == whole[1:4]
