"""JSON lines: what Arrow parses a block at a time is what it parses a line at a time, and what Python's json reads."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.files.json_lines import json_blocks

TEXT, LIST = pa.string(), pa.list_(pa.string())
SCHEMAS = [pa.schema([("c", kind), ("n", pa.float64())]) for kind in (TEXT, LIST)]
LINES = [
    b'{"c": "a", "n": 1}',
    b'{"c": "b"}',
    b'{"c": ["a", "b"], "n": 2}',
    b'{"c": null, "x": {"y": [1, {"z": 2}]}}',
    b'  {"c": "spaces"}\t',
    b'{"c": "cr"}\r',
    b"",
    b" ",
    b'{"c": 1}',
    b'{"c": "cut',
    b'{"c": "two"}{"c": "objects"}',
    b'{"c": "twice", "c": "named"}',
    b'{"c": "lone \\ud800"}',
    b'{"c": "bad \xff"}',
    b"[1]",
    b"null",
    b'{"c": "a"} x',
    b'{"c":',
    b'"over two lines"}',
    b'{"c": "' + "ünï ☃".encode() + b'", "n": -1.5e3}',
]


def read(content: bytes, first: int = 0) -> list[tuple[int, object]]:
    """Number and value of every line, or the reason in the place of a value."""
    found: list[tuple[int, object]] = []
    for block in json_blocks(content, first, list(SCHEMAS)):
        block.table.validate(full=True)
        for place, (number, row) in enumerate(zip(block.numbers.tolist(), block.table.to_pylist(), strict=True)):
            found.append((number, block.problems.get(place, row)))
    return found


def test_each_line_has_its_verdict() -> None:
    found = dict(read(b"\n".join(LINES)))
    assert found[0] == {"c": "a", "n": 1.0} and found[2] == {"c": ["a", "b"], "n": 2.0}
    assert found[3] == {"c": None, "n": None} and found[4] == {"c": "spaces", "n": None}
    assert found[5] == {"c": "cr", "n": None} and found[19] == {"c": "ünï ☃", "n": -1500.0}
    assert not {6, 7} & found.keys()  # empty lines are no rows
    reasons = {number: value[0] for number, value in found.items() if isinstance(value, tuple)}
    assert reasons == dict.fromkeys([8, 9, 10, 11, 12, 14, 15, 16, 17, 18], "malformed row") | {13: "invalid UTF-8"}
    assert found[8] == ("malformed row", "line 9 cannot be read as JSON (Column(/c) changed from string to number)")


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(st.sampled_from(LINES), max_size=14), cut=st.integers(0, 14))
def test_the_verdict_on_a_line_does_not_depend_on_its_neighbours(lines: list[bytes], cut: int) -> None:
    alone = {line: read(line) for line in set(lines)}
    wanted = [(number, row) for number, line in enumerate(lines) for _, row in alone[line]]

    def same(found: list[tuple[int, object]]) -> bool:
        pairs = zip(found, wanted, strict=True)
        return all(left[0] == right[0] and _value(left[1]) == _value(right[1]) for left, right in pairs)

    assert same(read(b"".join(line + b"\n" for line in lines)))
    assert same(read(b"\n".join(lines[:cut])) + read(b"\n".join(lines[cut:]), cut if cut < len(lines) else len(lines)))


def _value(row: object) -> object:
    """Without the line's number in a detail, and with a null caption of either type."""
    return row[0] if isinstance(row, tuple) else row


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries({"c": st.none() | st.text(max_size=8), "n": st.none() | st.integers()})))
def test_what_a_json_writer_writes_comes_back(rows: list[dict]) -> None:
    for ascii_ in (True, False):
        content = "".join(json.dumps(row, ensure_ascii=ascii_) + "\n" for row in rows)
        found = [row for _, row in read(content.encode("utf-8", "surrogatepass"))]
        assert [row["c"] for row in found] == [row["c"] for row in rows]  # type: ignore[index]
        assert [row["n"] for row in found] == [None if row["n"] is None else float(row["n"]) for row in rows]  # type: ignore[index]


@pytest.mark.parametrize("depth", [10, 100_000])
def test_deep_nesting_in_a_field_that_is_not_read_is_harmless(depth: int) -> None:
    assert read(b'{"c": "a", "x": ' + b"[" * depth + b"]" * depth + b"}") == [(0, {"c": "a", "n": None})]
    assert read(b'{"c": "a", "x": ' + b"[" * depth + b"}")[0][1][0] == "malformed row"  # type: ignore[index]
